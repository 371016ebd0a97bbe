//! The table of attacks names tests that are there.

use std::fs;
use std::path::{Path, PathBuf};

/// All files of Rust below `dir`.
fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(sources(&entry.path())),
            false if entry.path().extension().is_some_and(|name| name == "rs") => found.push(entry.path()),
            false => {}
        }
    }
    found
}

#[test]
fn every_test_of_the_table_is_there() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = fs::read_to_string(top.join("tests/security.md")).unwrap();
    let files: Vec<(PathBuf, String)> = sources(&top.join("steps"))
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect();
    let is_function = |word: &str| {
        word.matches('_').count() > 1
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte))
    };
    let mut tests = 0;
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        // A function is in the file that was named before it, or the one after it.
        let mut file: Option<String> = None;
        for word in line.split('`').skip(1).step_by(2) {
            if let Some((step, name)) = word.split_once("::") {
                let end = format!("-{step}/tests/{name}.rs");
                assert!(files.iter().any(|(path, _)| path.to_string_lossy().ends_with(&end)), "{word}");
                file = Some(end);
            } else if word.ends_with(".rs") {
                assert!(top.join(word).is_file(), "{word}");
            } else if is_function(word) || word == "ids" || word == "no_walls" {
                let has = |(path, text): &(PathBuf, String)| {
                    let is_named = file.as_ref().is_none_or(|end| path.to_string_lossy().ends_with(end));
                    let is_unit = line.contains(&format!("`{word}` in `"));
                    (is_named || is_unit) && text.contains(&format!("fn {word}()"))
                };
                assert!(files.iter().any(has), "{word} in {file:?}");
                tests += 1;
            }
        }
    }
    assert!(tests > 40, "{tests}");
}
