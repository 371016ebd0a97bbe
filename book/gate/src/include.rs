//! `{{#include FILE:ANCHOR}}`: the file is there, and so are both ends of the anchor.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Finding;

/// An include as it stands in a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Include<'a> {
    /// The file, relative to the page.
    pub file: &'a str,
    /// The anchor; `None` for the whole file.
    pub anchor: Option<&'a str>,
}

impl<'a> Include<'a> {
    /// The include that `line` consists of, if it is one.
    pub fn alone(line: &'a str) -> Option<Include<'a>> {
        let inner = line.trim().strip_prefix("{{#")?.strip_suffix("}}")?;
        if inner.contains("}}") {
            return None;
        }
        let (verb, target) = inner.split_once(char::is_whitespace)?;
        matches!(verb, "include" | "rustdoc_include").then(|| Include::target(target.trim()))
    }

    fn target(target: &'a str) -> Include<'a> {
        match target.split_once(':') {
            Some((file, anchor)) => Include { file, anchor: Some(anchor) },
            None => Include { file: target, anchor: None },
        }
    }
}

/// Every `{{#...}}` of a page, with its line.
fn helpers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(number, line)| {
        line.match_indices("{{#").filter_map(move |(at, _)| {
            let escaped = line[..at].ends_with('\\');
            let rest = &line[at + 3..];
            (!escaped).then(|| (number + 1, rest.split_once("}}").map_or(rest, |(inner, _)| inner)))
        })
    })
}

/// Checks every include of a page.
pub fn check(page: &Path, text: &str, findings: &mut Vec<Finding>) {
    for (line, helper) in helpers(text) {
        let mut say = |what: String, hint: &str| findings.push(Finding::new(page, line, what, hint));
        let (verb, target) = helper.split_once(char::is_whitespace).unwrap_or((helper, ""));
        if verb == "title" {
            continue;
        }
        if !matches!(verb, "include" | "rustdoc_include") {
            say(format!("{{{{#{verb}}}}} is not used in this book"), "include a file by an anchor");
            continue;
        }
        let include = Include::target(target.trim());
        let file = page.parent().unwrap_or(Path::new("")).join(include.file);
        let Ok(included) = fs::read_to_string(&file) else {
            say(format!("the included file {} is not there", include.file), "mend the path, relative to this page");
            continue;
        };
        let Some(anchor) = include.anchor else { continue };
        if anchor.is_empty() || anchor.starts_with(|c: char| c.is_ascii_digit() || c == ':') {
            say(
                format!("{} is included by line numbers, which drift", include.file),
                "mark the part with ANCHOR: and ANCHOR_END:",
            );
            continue;
        }
        let found = anchors(&included);
        if !found.iter().any(|mark| mark.name == anchor && !mark.end) {
            let names: Vec<&str> = found.iter().filter(|mark| !mark.end).map(|mark| mark.name).collect();
            let hint = match names.as_slice() {
                [] => "that file has no anchor yet".to_string(),
                names => format!("that file has: {}", names.join(", ")),
            };
            say(format!("{} has no anchor {anchor}", include.file), &hint);
        } else if !found.iter().any(|mark| mark.name == anchor && mark.end) {
            say(format!("anchor {anchor} of {} has no end", include.file), &format!("add ANCHOR_END: {anchor}"));
        } else if body(&included, anchor).iter().all(|line| line.trim().is_empty()) {
            say(format!("anchor {anchor} of {} is empty", include.file), "put the anchor around what is to be shown");
        }
    }
}

/// One end of an anchor.
struct Mark<'a> {
    line: usize,
    name: &'a str,
    end: bool,
}

/// The anchors of a file, the way mdBook finds them: anywhere in a line.
fn anchors(text: &str) -> Vec<Mark<'_>> {
    text.lines().enumerate().filter_map(|(line, text)| mark(line, text)).collect()
}

fn mark(line: usize, text: &str) -> Option<Mark<'_>> {
    let (end, at) = match (text.find("ANCHOR_END:"), text.find("ANCHOR:")) {
        (Some(at), _) => (true, at + "ANCHOR_END:".len()),
        (None, Some(at)) => (false, at + "ANCHOR:".len()),
        (None, None) => return None,
    };
    let rest = text[at..].trim_start();
    let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
    Some(Mark { line, name: &rest[..length], end })
}

/// The lines between the ends of an anchor.
fn body<'a>(text: &'a str, anchor: &str) -> Vec<&'a str> {
    let marks = anchors(text);
    let of = |end| marks.iter().find(|mark| mark.name == anchor && mark.end == end).map(|mark| mark.line);
    let (Some(start), Some(end)) = (of(false), of(true)) else { return Vec::new() };
    text.lines().take(end).skip(start + 1).filter(|line| !line.contains("ANCHOR")).collect()
}

/// The anchors of a file have both ends, in order, and none is there twice.
pub fn paired(path: &Path, text: &str, findings: &mut Vec<Finding>) {
    let marks = anchors(text);
    for (index, mark) in marks.iter().enumerate() {
        let mut say = |what: String, hint: &str| findings.push(Finding::new(path, mark.line + 1, what, hint));
        let twin = |end: bool| marks.iter().position(|other| other.name == mark.name && other.end == end);
        let name = mark.name;
        match (mark.end, twin(!mark.end)) {
            (_, _) if twin(mark.end) != Some(index) => say(format!("anchor {name} is there twice"), "rename one"),
            (false, None) => say(format!("anchor {name} has no end"), &format!("add ANCHOR_END: {name}")),
            (true, None) => say(format!("anchor {name} has no beginning"), &format!("add ANCHOR: {name}")),
            (false, Some(end)) if end < index => say(format!("anchor {name} ends before it begins"), "swap them"),
            _ => {}
        }
    }
}

/// The file that an include names, resolved from its page.
pub fn resolve(page: &Path, file: &str) -> PathBuf {
    let mut path = page.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(file).components() {
        match part {
            std::path::Component::ParentDir if path.file_name().is_some() => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_alone_on_a_line_is_one() {
        let include = Include::alone("  {{#include ../a.rs:setup}}").unwrap();
        assert_eq!(include, Include { file: "../a.rs", anchor: Some("setup") });
        assert_eq!(Include::alone("x {{#include a}}"), None);
        assert_eq!(Include::alone("{{#playground a}}"), None);
    }

    #[test]
    fn the_body_of_an_anchor_is_between_its_ends() {
        let text = "a\n// ANCHOR: x\nb\n// ANCHOR_END: x\nc";
        assert_eq!(body(text, "x"), ["b"]);
    }
}
