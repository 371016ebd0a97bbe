//! The check of the book's sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::page::Page;
use crate::{Finding, fence, include, link, session, summary};

/// Everything that is wrong with the book in `book` (the directory with `src` and `sessions`).
#[must_use]
pub fn check(book: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let source = book.join("src");
    let mut pages: BTreeMap<PathBuf, Page> = BTreeMap::new();
    for path in summary::pages(&source, &mut findings) {
        match fs::read_to_string(&path) {
            Ok(text) => {
                pages.insert(path.clone(), Page::parse(&path, text));
            }
            Err(error) => findings.push(Finding::unreadable(&path, &error)),
        }
    }
    for page in pages.values() {
        include::check(&page.path, &page.text, &mut findings);
        fence::check(book, page, &mut findings);
        link::check(&source, page, &pages, &mut findings);
    }
    sessions(book, &mut findings);
    pictures(&source.join("img"), &mut findings);
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    findings
}

/// The session files can be read, though executing them is another command.
fn sessions(book: &Path, findings: &mut Vec<Finding>) {
    for path in session::files(book) {
        match fs::read_to_string(&path) {
            Ok(text) => {
                include::paired(&path, &text, findings);
                hidden(&path, &text, findings);
                if let Err(finding) = session::Session::parse(&path, &text) {
                    findings.push(finding);
                }
            }
            Err(error) => findings.push(Finding::unreadable(&path, &error)),
        }
    }
}

/// A line that is not for the reader would be shown when it stands inside an anchor.
fn hidden(path: &Path, text: &str, findings: &mut Vec<Finding>) {
    let mut open = 0_usize;
    for (number, line) in text.lines().enumerate() {
        if line.contains("ANCHOR_END:") {
            open = open.saturating_sub(1);
        } else if line.contains("ANCHOR:") {
            open += 1;
        } else if open > 0 && line.starts_with("% ") {
            let hint = "end the anchor before it, and begin another one after it";
            findings.push(Finding::new(path, number + 1, "a hidden line that a page would show", hint));
        }
    }
}

/// Pictures stand inside the page, take its colours, and say in words what they show.
fn pictures(dir: &Path, findings: &mut Vec<Finding>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|kind| kind != "svg") {
            continue;
        }
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                findings.push(Finding::unreadable(&path, &error));
                continue;
            }
        };
        for (wrong, what, hint) in [
            (!text.contains("<title"), "a picture without a <title>", "say in it what the picture shows"),
            (text.contains("<script"), "a picture with a script", "draw without it"),
            (
                text.replace("http://www.w3.org/", "").contains("http"),
                "a picture that loads from the net",
                "draw it here",
            ),
            (
                text.trim_end().lines().any(|line| line.trim().is_empty()),
                "an empty line in a picture",
                "Markdown would end the picture there: remove it",
            ),
        ] {
            if wrong {
                findings.push(Finding::new(&path, 0, what, hint));
            }
        }
    }
}
