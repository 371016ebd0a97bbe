//! The check of what mdBook made: every link inside the book arrives, and opening a page loads nothing from the net.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::Finding;
use crate::include::resolve;
use crate::page::attributes;

/// Everything that is wrong with the built book in `dir`.
#[must_use]
pub fn check(dir: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut pages: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut directories = vec![dir.to_path_buf()];
    while let Some(directory) = directories.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) => {
                findings.push(Finding::unreadable(&directory, &error));
                continue;
            }
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            match path.extension().and_then(|kind| kind.to_str()) {
                _ if path.is_dir() => directories.push(path),
                Some("html") => {
                    pages.insert(path.clone(), fs::read_to_string(&path).unwrap_or_default());
                }
                Some("css") => style(&path, &mut findings),
                _ => {}
            }
        }
    }
    if pages.is_empty() {
        findings.push(Finding::new(dir, 0, "no page in it", "build the book: scripts/book build"));
    }
    let ids: BTreeMap<&PathBuf, BTreeSet<&str>> = pages
        .iter()
        .map(|(path, html)| (path, attributes(html).filter(|(name, ..)| *name == "id").map(|(_, id, _)| id).collect()))
        .collect();
    for (path, html) in &pages {
        for (tag, at) in tags(html) {
            let line = html[..at].matches('\n').count() + 1;
            if let Some((what, hint)) = problem(path, tag, &ids) {
                findings.push(Finding::new(path, line, what, hint));
            }
        }
    }
    findings
}

/// A style sheet that loads a font or a picture from the net.
fn style(path: &Path, findings: &mut Vec<Finding>) {
    let text = fs::read_to_string(path).unwrap_or_default();
    for (number, line) in text.lines().enumerate() {
        let compact: String = line.chars().filter(|c| !matches!(c, ' ' | '"' | '\'')).collect();
        if ["url(http", "url(//", "@importhttp"].iter().any(|load| compact.contains(load)) {
            findings.push(Finding::new(path, number + 1, "loads from the net", "keep it beside the book"));
        }
    }
}

/// The tags of a page that refer to something, each with its offset.
fn tags(html: &str) -> impl Iterator<Item = (&str, usize)> {
    html.match_indices('<').filter_map(|(start, _)| {
        let rest = &html[start..];
        let name = rest[1..].split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        let end = rest.find('>')?;
        matches!(name, "a" | "script" | "link" | "img" | "iframe" | "source" | "use" | "image")
            .then(|| (&rest[..end], start))
    })
}

fn problem(page: &Path, tag: &str, ids: &BTreeMap<&PathBuf, BTreeSet<&str>>) -> Option<(String, &'static str)> {
    let is_link = tag.starts_with("<a") && tag[2..].starts_with(char::is_whitespace);
    let (_, target, _) = attributes(tag).find(|(name, ..)| matches!(*name, "href" | "src"))?;
    if target.contains("://") || target.starts_with("//") {
        return (!is_link).then(|| (format!("opening this page loads {target}"), "keep it beside the book"));
    }
    // The page for unknown addresses is served below any address, so its links start from the root.
    if target.starts_with("data:") || page.file_name().is_some_and(|name| name == "404.html") {
        return None;
    }
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { page.to_path_buf() } else { resolve(page, file) };
    if !path.exists() {
        return Some((format!("{target} is not in the built book"), "mend the link in book/src"));
    }
    match ids.get(&path) {
        Some(known) if !fragment.is_empty() && !known.contains(fragment) => {
            Some((format!("{target} names nothing on that page"), "mend the link in book/src"))
        }
        _ => None,
    }
}
