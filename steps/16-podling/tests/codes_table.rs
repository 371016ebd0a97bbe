//! The table of codes: no error is without one, and each is provoked somewhere, or it is said why it cannot be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use process::code::{parse, shown, troubles};

/// Codes that no test meets, and why.
const NOT_MET: &[(&str, &[u16])] = &[
    (
        "an answer of the kernel, whatever was asked: the number is its own, and those that are met prove the way",
        &[
            1, 3, 4, 5, 7, 11, 12, 16, 18, 19, 23, 24, 26, 27, 31, 32, 38, 39, 75, 87, 95, 101, 104, 110, 111, 113,
            116, 122,
        ],
    ),
    ("no error of podling's: the program in the container sees it", &[901, 902, 1005, 1110, 1111, 1112, 1113, 1401]),
    ("a process of podling has to be killed at the right moment, as tests/story does", &[152, 903]),
    ("it would be a mistake in podling", &[154]),
    ("a kernel, or an image, that attacks: the tests called security provoke what is held back", &[153, 307, 308]),
    ("a machine without user namespaces or a controller", &[201, 408]),
    ("one of these three is provoked; which one depends on the machine", &[401, 402, 403]),
    (
        "a delegated cgroup, SELinux or systemd is missing here; the lab's tests look at the words, not at the codes",
        &[407, 501, 511, 1402, 1406],
    ),
    ("the runtime's, whose caller is a program: it ends its errors with their words", &[309, 604, 605, 606, 607, 610]),
    ("the generator's, which speaks to the journal in Quadlet's words", &[1403, 1404, 1408, 1409]),
    ("a container that came by the API, which leaves no command line", &[1405]),
    ("a process that waits in the kernel for a disk that does not answer", &[1109]),
    ("a pasta older than the distribution's", &[1010]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The files below a directory whose names end so.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let below = entries.flat_map(|path| if path.is_dir() { files(&path, ending) } else { vec![path] });
    below.filter(|path| path.to_str().is_some_and(|path| path.ends_with(ending))).collect()
}

/// The codes in a text.
fn codes(text: &str) -> impl Iterator<Item = u16> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter_map(parse)
}

#[test]
fn each_code_is_provoked_or_cannot_be() {
    let tests = files(&root().join("steps/16-podling/tests/codes_provoked"), ".rs");
    let text: String = tests.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    // Where one of several comes, none of them is sure to come.
    let sure = text.lines().filter(|line| !line.contains('|')).flat_map(codes);
    let shown_to_a_person = [files(&root().join("steps"), ".snap"), files(&root().join("tests"), ".snap")].concat();
    let snapshots: String = shown_to_a_person.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let seen = snapshots.lines().filter_map(|line| line.split_once("More: ")).flat_map(|(_, rest)| codes(rest));
    let met: BTreeSet<u16> = sure.chain(seen).collect();
    let excused: Vec<u16> = NOT_MET.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    let all: BTreeSet<u16> = troubles().map(|one| one.code).collect();

    let missing: Vec<String> =
        all.iter().filter(|code| !met.contains(code) && !excused.contains(code)).map(|code| shown(*code)).collect();
    assert!(missing.is_empty(), "no test meets {missing:?}");
    // What the kernel answers may change from one machine to the next.
    let needless = excused.iter().filter(|code| **code > 133 && met.contains(code));
    let needless: Vec<String> = needless.map(|code| shown(*code)).collect();
    assert!(needless.is_empty(), "a test meets {needless:?}: it needs no excuse");
    let unknown: Vec<String> =
        met.iter().chain(&excused).filter(|code| !all.contains(code)).map(|code| shown(*code)).collect();
    // `explain` is asked for one that there is not.
    assert!(unknown.iter().all(|code| code == "P9999"), "there is no {unknown:?}");
}

#[test]
fn the_book_tells_of_every_code() {
    let book = root().join("book/src");
    for one in troubles() {
        assert!(book.join(one.chapter).with_extension("md").exists(), "{}: {}", shown(one.code), one.chapter);
    }
    let page = fs::read_to_string(book.join("errors.md")).unwrap();
    for code in codes(&page) {
        assert!(troubles().any(|one| one.code == code), "{}", shown(code));
    }
}

/// Errors without a code on purpose, by file and the words in them.
const WITHOUT: &[(&str, &str)] = &[
    // How an error is made, before it has one.
    ("01-process/src/error.rs", ""),
    // It gets its code where its hint is chosen.
    ("10-network/src/pasta/failure.rs", "pasta {how}"),
    // Told to nobody: who asked has gone.
    ("15-rest/src/api/events.rs", "the client has left"),
    ("15-rest/src/api/logs.rs", "the client has left"),
];

#[test]
fn no_error_is_without_a_code() {
    let steps = root().join("steps");
    let mut found = 0;
    for file in files(&steps, ".rs").into_iter().filter(|file| file.components().any(|part| part.as_os_str() == "src"))
    {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let name = file.strip_prefix(&steps).unwrap().to_str().unwrap();
        for made in ["Error::new(", "Error::because("] {
            for (at, _) in text.match_indices(made) {
                let is_ours = !text[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == ':');
                let expression = expression(&text[at..]);
                let excused = WITHOUT.iter().any(|(file, words)| *file == name && expression.contains(words));
                let line = text[..at].lines().count();
                found += usize::from(is_ours);
                assert!(
                    !is_ours || excused || expression.contains(".code("),
                    "{name}:{line}: an error without a code:\n{expression}"
                );
            }
        }
    }
    assert!(found > 400, "only {found} errors: this test looks in the wrong place");
}

/// A call, and what is called on its result, to its end.
fn expression(text: &str) -> &str {
    let mut end = close(text, 0);
    loop {
        let rest = &text[end..];
        let chained = rest.trim_start();
        if !chained.starts_with('.') {
            return &text[..end];
        }
        end = close(text, end + rest.len() - chained.len());
    }
}

/// Behind the bracket that closes the first one from `from` on. Brackets in strings do not count.
fn close(text: &str, from: usize) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, letter) in text[from..].char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return from + at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[test]
fn an_expression_ends_where_it_ends() {
    assert_eq!(expression(r#"new(f("{x}) ", y)).hint("\")"); z()"#), r#"new(f("{x}) ", y)).hint("\")")"#);
    assert_eq!(expression("new(x)\n    .code(1))?;"), "new(x)\n    .code(1)");
}
