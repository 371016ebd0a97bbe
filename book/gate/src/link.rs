//! Links and images of the pages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Finding;
use crate::include::resolve;
use crate::page::{Link, Page};

/// Checks the links of one page; `pages` are all of the book by their path below `source`.
pub fn check(source: &Path, page: &Page, pages: &BTreeMap<PathBuf, Page>, findings: &mut Vec<Finding>) {
    for link in &page.links {
        if let Some((what, hint)) = problem(source, page, link, pages) {
            findings.push(Finding::new(&page.path, link.line, what, hint));
        }
    }
    for line in &page.backticks {
        let what = "a backtick in HTML, which is shown as it is";
        findings.push(Finding::new(&page.path, *line, what, "write <code>...</code>"));
    }
    for (line, name) in &page.undefined {
        let what = format!("the link [{name}] is defined nowhere");
        findings.push(Finding::new(&page.path, *line, what, format!("add a line: [{name}]: TARGET")));
    }
}

fn problem(source: &Path, page: &Page, link: &Link, pages: &BTreeMap<PathBuf, Page>) -> Option<(String, String)> {
    let say = |what: String, hint: &str| Some((what, hint.to_string()));
    let target = link.target.as_str();
    if link.alt.as_ref().is_some_and(|alt| alt.trim().is_empty()) {
        return say(format!("the image {target} has no text"), "say in the brackets what it shows");
    }
    if let Some((scheme, _)) = target.split_once("://") {
        return match () {
            () if link.alt.is_some() => {
                say(format!("the image {target} would be loaded from the net"), "put it into book/src/img")
            }
            () if scheme != "https" && scheme != "http" => say(format!("{target}: not a web address"), "use https"),
            () if !well_formed(target) => say(format!("{target}: not a well-formed address"), "mend it"),
            () => None,
        };
    }
    let (file, fragment) = match target.split_once('#') {
        Some((file, fragment)) => (file, Some(fragment)),
        None => (target, None),
    };
    let path = if file.is_empty() { page.path.clone() } else { resolve(&page.path, file) };
    if !path.starts_with(source) {
        return say(
            format!("the link {target} leaves the book"),
            "name the file in the text (the book is read away from the repository)",
        );
    }
    if !path.is_file() {
        return say(format!("the link {target} leads nowhere"), "mend it, relative to this page");
    }
    let fragment = fragment?;
    match pages.get(&path) {
        None if path.extension().is_some_and(|kind| kind == "md") => {
            say(format!("the link {target} leads to a page that is not in SUMMARY.md"), "add the page there")
        }
        None => None,
        Some(page) if page.ids.contains(fragment) => None,
        Some(page) => {
            let ids: Vec<&str> = page.ids.iter().map(String::as_str).collect();
            Some((format!("the link {target} names no heading"), format!("that page has: {}", ids.join(", "))))
        }
    }
}

/// `https://HOST/...` with a host that has a dot, and no blanks.
fn well_formed(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && host.chars().all(name)
        && !url.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::well_formed;

    #[test]
    fn addresses_have_a_host() {
        assert!(well_formed("https://man7.org/linux/man-pages/man7/user_namespaces.7.html"));
        for bad in ["https://", "https://host/x", "https:///x", "https://a.b/c d", "https://.b/"] {
            assert!(!well_formed(bad), "{bad}");
        }
    }
}
