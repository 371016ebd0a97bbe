//! What differs from machine to machine reads like the reader's own machine: user `you`, id 1000, subordinate ids
//! from 100000 on.

use std::path::Path;

use regex::{Captures, Regex};
use support::user;

/// Redactions in their order.
pub struct Redactions(Vec<(Regex, String)>);

impl Redactions {
    /// Those that every session has, in a world at `root`.
    pub fn of(root: &Path) -> Redactions {
        let user = user();
        let mut all = Redactions(Vec::new());
        // Blanks in front are part of what is replaced, so that columns stay columns.
        let mut number = |from: u32, to: &str| all.word(&from.to_string(), to);
        number(user.subuid.0, "100000");
        number(user.subgid.0, "100000");
        number(user.uid, "1000");
        number(user.gid, "1000");
        all.word(&user.name, "you");
        all.0.insert(0, (literal(&root.join("home").to_string_lossy()), "/home/you".into()));
        all.0.insert(1, (literal(&root.join("run").to_string_lossy()), "/run/user/1000".into()));
        all.0.insert(2, (literal(&root.join("data").to_string_lossy()), "/home/you/.local/share".into()));
        all.0.insert(3, (literal(&root.to_string_lossy()), "/tmp/podling".into()));
        all
    }

    /// One more, for what follows.
    pub fn add(&mut self, regex: Regex, with: &str) {
        self.0.push((regex, with.into()));
    }

    fn word(&mut self, from: &str, to: &str) {
        if from != to
            && let Ok(regex) = Regex::new(&format!(r"(?P<column>  +)?\b{}\b", regex::escape(from)))
        {
            self.0.push((regex, to.into()));
        }
    }

    /// The output as it is shown.
    pub fn apply(&self, output: &str) -> String {
        let mut output = output.to_string();
        for (regex, with) in &self.0 {
            output = if regex.capture_names().flatten().any(|name| name == "column") {
                let column = |found: &Captures<'_>| match found.name("column") {
                    Some(_) => format!("{with:>width$}", width = found[0].len().max(with.len() + 1)),
                    None => with.clone(),
                };
                regex.replace_all(&output, column).into_owned()
            } else {
                regex.replace_all(&output, with.as_str()).into_owned()
            };
        }
        output
    }
}

/// Matches exactly this text; a path never is a bad expression once it is escaped.
fn literal(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "an escaped text is an expression")]
    Regex::new(&regex::escape(text)).expect("an escaped text is an expression")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_columns() {
        let mut all = Redactions(Vec::new());
        all.word("165536", "100000");
        all.word("501", "1000");
        assert_eq!(all.apply("         0        501          1\n"), "         0       1000          1\n");
        assert_eq!(all.apply("uid 501, 165536"), "uid 1000, 100000");
    }
}
