//! What a layer does, told to who wants to know: `run --explain`.

use std::fmt;

/// One thing that is done, or was found, and the chapter of the book that is about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The step's number.
    pub step: u8,
    /// What, in a sentence.
    pub text: String,
}

impl Line {
    /// A line of step `step`.
    #[must_use]
    pub fn new(step: u8, text: impl Into<String>) -> Line {
        Line { step, text: text.into() }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[step {:02}] {}", self.step, self.text)
    }
}

/// Tells what it does from the very data by which it does it, in that order.
pub trait Explain {
    /// The lines.
    fn explain(&self) -> Vec<Line>;
}

impl Explain for crate::Program {
    fn explain(&self) -> Vec<Line> {
        let words: Vec<_> = self.args.iter().map(|word| word.to_string_lossy()).collect();
        let place = self.cwd.as_ref().map(|path| format!(" in {}", path.display())).unwrap_or_default();
        let variables = self.env.as_ref().map_or(0, Vec::len);
        vec![Line::new(
            1,
            format!(
                "execute {}{place}, with {variables} variables and no open files but the standard ones",
                words.join(" ")
            ),
        )]
    }
}
