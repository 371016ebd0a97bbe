//! Progress for a person: Podman's lines, and on a terminal a bar for each blob.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Progress;

const TEMPLATE: &str = "{prefix} [{bar:32}] {binary_bytes} / {binary_total_bytes}";
const DONE: &str = "{prefix} {msg}";

/// Writes to standard error.
pub struct Bars {
    bars: Option<MultiProgress>,
    known: Mutex<HashMap<String, ProgressBar>>,
}

impl Bars {
    /// Bars if standard error is a terminal, else lines.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it looks at standard error")]
    pub fn new() -> Bars {
        let terminal = std::io::stderr().is_terminal();
        let bars = terminal.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
        Bars { bars, known: Mutex::default() }
    }

    fn with(&self, digest: &str, change: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(digest) {
            change(bar);
        }
    }
}

impl Progress for Bars {
    fn say(&self, line: &str) {
        let line = plain(line);
        match &self.bars {
            // Above the bars.
            Some(bars) => drop(bars.suspend(|| writeln!(std::io::stderr(), "{line}"))),
            None => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }

    fn begin(&self, digest: &str, size: u64) {
        let Some(bars) = &self.bars else { return self.say(&format!("Copying blob {digest}")) };
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = bars.add(ProgressBar::new(size).with_style(style.progress_chars("=>-")));
        bar.set_prefix(format!("Copying blob {}", short(digest)));
        bar.tick();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.to_string(), bar);
    }

    fn grow(&self, digest: &str, count: u64) {
        self.with(digest, |bar| bar.inc(count));
    }

    fn done(&self, digest: &str, skipped: bool) {
        self.with(digest, |bar| {
            bar.set_style(ProgressStyle::with_template(DONE).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.finish_with_message(if skipped { "skipped: already exists" } else { "done" });
        });
    }
}

/// Twelve digits, as everywhere.
fn short(digest: &str) -> String {
    digest.trim_start_matches("sha256:").chars().filter(|character| !character.is_control()).take(12).collect()
}

/// Names and errors may come from a stranger; lines end where we end them.
fn plain(line: &str) -> String {
    line.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t')).collect()
}
