//! Console sessions: files of commands with their output, which the tests execute and the pages show.

mod file;
mod redact;
mod run;
mod shell;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

pub use file::{Command, Line, Session};
pub use run::{Outcome, run};

/// The session files of the book in `book`, sorted.
#[must_use]
pub fn files(book: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(book.join("sessions")).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "console"))
        .collect();
    found.sort();
    found
}
