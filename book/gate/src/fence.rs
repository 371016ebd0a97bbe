//! Code blocks: nothing in them is typed by hand.

use std::path::Path;

use crate::Finding;
use crate::include::{Include, resolve};
use crate::page::{Fence, Page};

/// Checks the code blocks of a page of the book in `book`.
pub fn check(book: &Path, page: &Page, findings: &mut Vec<Finding>) {
    for fence in &page.fences {
        let Some(info) = &fence.info else {
            findings.push(Finding::new(
                &page.path,
                fence.line,
                "an indented code block",
                "fence it, with the name of its language",
            ));
            continue;
        };
        let words: Vec<&str> = info.split([',', ' ']).filter(|word| !word.is_empty()).collect();
        let problem = match words.as_slice() {
            [] => Some(("a code block without a language", "say console, rust, toml, json, ini, text, ...")),
            ["console"] => console(book, page, fence),
            ["console", "elsewhere"] => elsewhere(page, fence),
            ["console", ..] => Some(("console takes no other word than \"elsewhere\"", "remove it")),
            ["text", ..] if fence.body.iter().any(|line| line.trim_start().starts_with("$ ")) => Some((
                "a console session typed by hand",
                "write it to book/sessions/NAME.console and include it in a ```console block",
            )),
            ["text", ..] => None,
            ["rust", ..] if words.contains(&"ignore") && !included(fence) => {
                Some(("Rust typed by hand that nothing compiles", "include it from the crate by an anchor"))
            }
            _ if included(fence) => None,
            ["rust", ..] => Some(("Rust typed by hand", "include it from the crate by an anchor")),
            ["sh" | "bash" | "shell", ..] => Some((
                "commands that nothing executes",
                "write them to book/sessions/NAME.console and include them in a ```console block",
            )),
            _ => Some(("a code block typed by hand", "include the file that it is from")),
        };
        if let Some((what, hint)) = problem {
            findings.push(Finding::new(&page.path, fence.line, what, hint));
        }
    }
}

/// Nothing but includes, and one at least.
fn included(fence: &Fence) -> bool {
    let mut lines = fence.body.iter().filter(|line| !line.trim().is_empty()).peekable();
    lines.peek().is_some() && lines.all(|line| Include::alone(line).is_some())
}

type Problem = Option<(&'static str, &'static str)>;

/// A session is included by its parts from a session file, which the tests execute.
fn console(book: &Path, page: &Page, fence: &Fence) -> Problem {
    if !included(fence) {
        return Some(("a console session typed by hand", "include it: {{#include ../sessions/NAME.console:PART}}"));
    }
    fence.body.iter().filter_map(|line| Include::alone(line)).find_map(|include| {
        let file = resolve(&page.path, include.file);
        if file.parent() != Some(&book.join("sessions")) || file.extension().is_none_or(|kind| kind != "console") {
            return Some((
                "a console session from a file that is not executed",
                "put it into book/sessions/NAME.console",
            ));
        }
        match include.anchor {
            Some(_) => None,
            None => Some(("a whole session file, with its hidden lines", "include a part of it by an anchor")),
        }
    })
}

/// Commands for another machine: no output, and where they come from.
fn elsewhere(page: &Page, fence: &Fence) -> Problem {
    if fence.body.iter().any(|line| !(line.starts_with("$ ") || line.starts_with("# "))) {
        return Some(("output of a machine that is not here", "keep the commands only (`$ ...`, or `# ...` as root)"));
    }
    let after = page.text.lines().skip(fence.end - 1).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let after = after.trim().trim_start_matches(['*', '_']).trim_end_matches(['*', '_']);
    let sourced = after.strip_prefix("source: ").or_else(|| after.strip_prefix("Source: ")).is_some_and(|source| {
        source.rsplit_once(", ").is_some_and(|(url, date)| {
            url.trim_start_matches('<').starts_with("https://") && is_date(date.trim_end_matches('.'))
        })
    });
    (!sourced)
        .then_some(("commands that are not executed here, without a source", "add a line: source: <URL>, YYYY-MM-DD"))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &&str| part.chars().all(|c| c.is_ascii_digit());
    parts.iter().map(|part| part.len()).eq([4, 2, 2]) && parts.iter().all(number)
}
