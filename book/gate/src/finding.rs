//! What is wrong with the book, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// One fault: printed as `FILE:LINE: WHAT; HINT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, as a person finds it from where the book is.
    pub file: PathBuf,
    /// Its line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// The fault.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl Finding {
    /// A fault at a line.
    #[must_use]
    pub fn new(file: &Path, line: usize, what: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding { file: file.to_path_buf(), line, what: what.into(), hint: hint.into() }
    }

    /// A file that cannot be read.
    #[must_use]
    pub fn unreadable(file: &Path, error: &std::io::Error) -> Finding {
        Finding::new(file, 0, format!("cannot be read: {error}"), "make it readable")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        write!(f, " {}; {}", self.what, self.hint)
    }
}
