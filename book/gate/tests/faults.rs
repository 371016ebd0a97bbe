//! Each fault, put into a small sound book, is found.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

const SUMMARY: &str = "# Summary\n\n[Start](start.md)\n- [Step](step.md)\n";
const START: &str = "# Start\n\nGo to [the hole](step.md#the-hole-seen) or [up](#start).\n";
const STEP: &str = "# Step\n\n## The hole, *seen*\n\n![a box](img/box.svg)\n\n```rust\n{{#include ../code.rs:part}}\n```\n\n\
                    ```console\n{{#include ../sessions/one.console:echo}}\n```\n";
const CODE: &str = "// ANCHOR: part\nfn part() {}\n// ANCHOR_END: part\n";
const SESSION: &str = "% needs cat\n% setup echo 1.5 >number\n% redact /\\d+\\.\\d+/ => N\n# ANCHOR: echo\n$ x=hello; cd /\n\
                       $ echo $x; echo oops >&2\nhello\noops\n$ cat ~/number\nN\n$ false\n[exit 1]\n# ANCHOR_END: echo\n";
const BOX: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><title>box</title></svg>\n";

/// The small book, with the text `from` of one file replaced.
fn book(file: &str, from: &str, to: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for sub in ["src/img", "sessions"] {
        fs::create_dir_all(dir.path().join(sub)).unwrap();
    }
    for (name, text) in [
        ("src/SUMMARY.md", SUMMARY),
        ("src/start.md", START),
        ("src/step.md", STEP),
        ("src/img/box.svg", BOX),
        ("code.rs", CODE),
        ("sessions/one.console", SESSION),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    if !file.is_empty() {
        let path = dir.path().join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(path, if from.is_empty() { to.to_string() } else { text.replace(from, to) }).unwrap();
    }
    dir
}

/// Runs the gate: whether it passed, and all that it printed.
fn gate(book: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_gate"));
    let output = command.arg("--book").arg(book).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn a_sound_book_passes() {
    let dir = book("", "", "");
    for verb in ["check", "sessions"] {
        let (passed, output) = gate(dir.path(), &[verb]);
        assert!(passed, "{verb}: {output}");
    }
}

#[test]
fn every_fault_is_found_with_its_line() {
    for (file, from, to, found) in [
        ("src/step.md", "code.rs:part", "gone.rs:part", "step.md:8: the included file ../gone.rs is not there"),
        (
            "src/step.md",
            "code.rs:part",
            "code.rs:gone",
            "step.md:8: ../code.rs has no anchor gone; that file has: part",
        ),
        ("src/step.md", "code.rs:part", "code.rs:1:2", "step.md:8: ../code.rs is included by line numbers"),
        ("code.rs", "// ANCHOR_END: part", "", "step.md:8: anchor part of ../code.rs has no end"),
        ("code.rs", "fn part() {}\n", "", "step.md:8: anchor part of ../code.rs is empty"),
        ("src/start.md", "step.md#", "gone.md#", "start.md:3: the link gone.md#the-hole-seen leads nowhere"),
        ("src/start.md", "#the-hole-seen", "#hole", "start.md:3: the link step.md#hole names no heading"),
        ("src/start.md", "(#start)", "(https://host)", "start.md:3: https://host: not a well-formed address"),
        ("src/start.md", "(#start)", "(../../README.md)", "start.md:3: the link ../../README.md leaves the book"),
        ("src/start.md", "# Start", "# Start\n\n<p>`x`</p>", "start.md:3: a backtick in HTML"),
        ("src/step.md", "img/box.svg", "img/gone.svg", "step.md:5: the link img/gone.svg leads nowhere"),
        ("src/step.md", "![a box]", "![]", "step.md:5: the image img/box.svg has no text"),
        (
            "src/step.md",
            "{{#include ../sessions/one.console:echo}}",
            "$ ls\nx",
            "step.md:11: a console session typed by hand",
        ),
        ("src/step.md", "one.console:echo", "one.console", "step.md:11: a whole session file"),
        (
            "src/step.md",
            "```console",
            "```text\n$ ls\n```\n\n```console",
            "step.md:11: a console session typed by hand",
        ),
        ("src/step.md", "```rust", "```rust,ignore\nx\n```\n\n```rust", "step.md:7: Rust typed by hand"),
        ("src/step.md", "```rust", "```toml\nx=1\n```\n\n```rust", "step.md:7: a code block typed by hand"),
        (
            "src/step.md",
            "```rust",
            "```console,elsewhere\n$ dnf\n```\n\n```rust",
            "step.md:7: commands that are not executed",
        ),
        ("src/orphan.md", "", "# Lost\n", "orphan.md: a page that SUMMARY.md does not list"),
        ("src/SUMMARY.md", "step.md", "gone.md", "SUMMARY.md:4: the page gone.md is not there"),
        (
            "sessions/one.console",
            "$ x=hello",
            "% setup true\n$ x=hello",
            "one.console:5: a hidden line that a page would show",
        ),
        ("sessions/one.console", "% needs cat", "cat", "one.console:1: output without a command"),
    ] {
        let dir = book(file, from, to);
        let (passed, output) = gate(dir.path(), &["check"]);
        assert!(!passed && output.contains(found), "{file}, {from:?} made {to:?}: {output}");
    }
}

#[test]
fn a_source_makes_commands_of_another_machine_good() {
    let to = "```console,elsewhere\n$ dnf install x\n```\n\nsource: <https://a.b/c>, 2026-11-24\n\n```rust";
    let dir = book("src/step.md", "```rust", to);
    let (passed, output) = gate(dir.path(), &["check"]);
    assert!(passed, "{output}");
}

#[test]
fn a_session_that_prints_something_else_is_found_and_updated() {
    for (from, to, found) in [
        ("\noops\n", "\nah\n", "one.console:6: `echo $x; echo oops >&2` prints something else"),
        ("[exit 1]\n", "", "one.console:11: `false` prints something else"),
        ("% needs cat", "% needs no-such-program", "no-such-program is missing; run: scripts/setup"),
        ("% setup echo", "% setup false", "exit status 1"),
    ] {
        let dir = book("sessions/one.console", from, to);
        let (passed, output) = gate(dir.path(), &["sessions", "one"]);
        assert!(!passed && output.contains(found), "{from:?} made {to:?}: {output}");
    }
    let dir = book("sessions/one.console", "\noops\n", "\nah\n");
    let (passed, output) = gate(dir.path(), &["sessions", "--update"]);
    assert!(passed, "{output}");
    assert_eq!(fs::read_to_string(dir.path().join("sessions/one.console")).unwrap(), SESSION);
}

#[test]
fn a_built_page_that_loads_from_the_net_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let page = |body: &str| fs::write(dir.path().join("index.html"), body).unwrap();
    let html = || gate(dir.path(), &["html", dir.path().to_str().unwrap()]);
    page("<h1 id=\"a\">A</h1><a href=\"#a\">a</a><a href=\"https://x.y/\">x</a>");
    assert!(html().0, "{}", html().1);
    for (body, found) in [
        ("<script src=\"https://x.y/z.js\"></script>", "loads https://x.y/z.js"),
        ("<link rel=\"stylesheet\" href=\"//x.y/z.css\">", "loads //x.y/z.css"),
        ("<a href=\"gone.html\">x</a>", "gone.html is not in the built book"),
        ("<a href=\"#gone\">x</a>", "#gone names nothing"),
    ] {
        page(body);
        let (passed, output) = html();
        assert!(!passed && output.contains(found), "{body}: {output}");
    }
}
