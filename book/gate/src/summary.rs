//! `SUMMARY.md`: every page is in it, and everything in it is a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Finding;
use crate::include::resolve;
use crate::page::Page;

/// The pages of the book in the order of the table of contents.
pub fn pages(source: &Path, findings: &mut Vec<Finding>) -> Vec<PathBuf> {
    let path = source.join("SUMMARY.md");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            findings.push(Finding::unreadable(&path, &error));
            return Vec::new();
        }
    };
    let mut listed = Vec::new();
    for link in Page::parse(&path, text).links {
        if link.target.is_empty() {
            findings.push(Finding::new(&path, link.line, "a chapter without a page", "write the page, or take it out"));
            continue;
        }
        let page = resolve(&path, &link.target);
        if listed.contains(&page) {
            findings.push(Finding::new(&path, link.line, format!("{} is listed twice", link.target), "list it once"));
        } else if page.is_file() {
            listed.push(page);
        } else {
            findings.push(Finding::new(
                &path,
                link.line,
                format!("the page {} is not there", link.target),
                "write it, or take it out of SUMMARY.md",
            ));
        }
    }
    let known: BTreeSet<&PathBuf> = listed.iter().collect();
    for file in markdown(source, findings) {
        if file != path && !known.contains(&file) {
            let what = "a page that SUMMARY.md does not list: nobody would find it";
            findings.push(Finding::new(&file, 0, what, "list it there, or delete it"));
        }
    }
    listed
}

/// All Markdown files below `dir`, sorted.
fn markdown(dir: &Path, findings: &mut Vec<Finding>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            findings.push(Finding::unreadable(dir, &error));
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(markdown(&path, findings));
        } else if path.extension().is_some_and(|kind| kind == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}
