//! The real book passes its gate, and its sessions print what they say.

use std::fs;
use std::path::Path;

use gate::{Finding, check, session};

fn book() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn none(findings: &[Finding]) {
    let list: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", list.join("\n"));
}

#[test]
fn book_is_sound() {
    none(&check::check(book()));
}

#[test]
fn every_session_prints_what_it_says() {
    let files = session::files(book());
    assert!(!files.is_empty());
    let mut findings = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let outcome = session::Session::parse(&file, &text).and_then(|session| session::run(book(), &file, session));
        match outcome {
            Ok(outcome) => findings.extend(outcome.findings),
            Err(finding) => findings.push(finding),
        }
    }
    none(&findings);
}
