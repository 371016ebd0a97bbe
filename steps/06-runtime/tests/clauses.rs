//! The book's page of the specification's demands names functions and tests that are there.

use std::fs;
use std::path::{Path, PathBuf};

/// The directory of a step, by the name of its crate.
fn step(steps: &Path, name: &str) -> Option<PathBuf> {
    let end = format!("-{name}");
    let found = fs::read_dir(steps).unwrap().map(|entry| entry.unwrap().path());
    found.into_iter().find(|path| path.to_string_lossy().ends_with(&end))
}

/// The text of a module, and the name of the function in it, of `crate::module::function` below `directory`.
fn source<'a>(steps: &Path, directory: &str, words: &[&'a str]) -> Option<(String, &'a str)> {
    let [name, modules @ .., function] = words else { return None };
    let place = step(steps, name)?.join(directory).join(modules.join("/"));
    let text = fs::read_to_string(place.with_extension("rs")).or_else(|_| fs::read_to_string(place.join("mod.rs")));
    Some((text.ok()?, function))
}

fn has_function(steps: &Path, path: &str) -> bool {
    let words: Vec<&str> = path.split("::").collect();
    let found = source(steps, "src", &words);
    found.is_some_and(|(text, name)| ["(", "<"].iter().any(|next| text.contains(&format!("fn {name}{next}"))))
}

/// Without a step it is one of this step's.
fn has_test(steps: &Path, path: &str) -> bool {
    let words: Vec<&str> = path.split("::").collect();
    let words = if words.len() == 2 { [&["runtime"], &words[..]].concat() } else { words };
    let found = source(steps, "tests", &words);
    found.is_some_and(|(text, name)| text.contains(&format!("#[test]\nfn {name}()")))
}

#[test]
fn every_clause_has_a_function_and_a_test() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let steps = top.join("steps");
    let page = fs::read_to_string(top.join("book/src/oci.md")).unwrap();
    let mut rows = 0;
    let mut missing = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| section ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [_, _, _, functions, tests] = cells[..] else { panic!("{} cells: {line}", cells.len()) };
        for (cell, is_there) in [(functions, has_function as fn(&Path, &str) -> bool), (tests, has_test)] {
            let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
            assert!(!named.is_empty(), "{line}");
            missing.extend(named.into_iter().filter(|name| !is_there(&steps, name)));
        }
        rows += 1;
    }
    assert_eq!(missing, [""; 0]);
    assert!(rows > 60, "{rows} rows");
}

/// It can fail.
#[test]
fn what_is_not_there_is_missed() {
    let steps = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    assert!(has_function(&steps, "runtime::start::begin") && has_test(&steps, "life::from_create_to_delete"));
    for name in ["runtime::start::end", "runtime::nowhere::begin", "nothing::start::begin", "begin"] {
        assert!(!has_function(&steps, name), "{name}");
    }
    for name in [
        "life::from_delete_to_create",
        "nowhere::from_create_to_delete",
        "life::pid",
        "rootfs::life::from_create_to_delete",
    ] {
        assert!(!has_test(&steps, name), "{name}");
    }
}
