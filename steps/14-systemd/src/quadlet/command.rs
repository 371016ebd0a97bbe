//! The command line that a service runs.

use super::translation::Translation;

/// A command line of podling, word by word.
#[derive(Debug, Clone)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// The program, and what stands before the verb.
    #[must_use]
    pub fn new(of: &Translation<'_>) -> CommandLine {
        let mut line = CommandLine(vec![of.program.to_string()]);
        line.extend(of.all("ContainersConfModule").into_iter().map(|module| format!("--module={module}")));
        line.extend(of.arguments("GlobalArgs"));
        line
    }

    /// Adds words.
    pub fn extend<S: Into<String>>(&mut self, words: impl IntoIterator<Item = S>) {
        self.0.extend(words.into_iter().map(Into::into));
    }

    /// Adds a word.
    pub fn push(&mut self, word: impl Into<String>) {
        self.0.push(word.into());
    }

    /// Adds a flag and its value, as two words.
    pub fn option(&mut self, flag: &str, value: impl Into<String>) {
        self.extend([flag.to_string(), value.into()]);
    }

    /// Adds a flag that is on or off.
    pub fn switch(&mut self, flag: &str, on: bool) {
        self.push(if on { flag.to_string() } else { format!("{flag}=false") });
    }

    /// Each key that is set, with its last value, as a flag.
    pub fn texts(&mut self, of: &Translation<'_>, keys: &[(&str, &str)]) {
        for (key, flag) in keys {
            if let Some(value) = of.text(key) {
                self.option(flag, value);
            }
        }
    }

    /// Each value of each key as a flag.
    pub fn all(&mut self, of: &Translation<'_>, keys: &[(&str, &str)]) {
        for (key, flag) in keys {
            for value in of.all(key) {
                self.option(flag, value);
            }
        }
    }

    /// Each word of the values of each key as a flag.
    pub fn lists(&mut self, of: &Translation<'_>, keys: &[(&str, &str)]) {
        for (key, flag) in keys {
            for value in of.lists(key) {
                self.option(flag, value);
            }
        }
    }

    /// Each key that is set as a flag that is on or off.
    pub fn switches(&mut self, of: &Translation<'_>, keys: &[(&str, &str)]) {
        for (key, flag) in keys {
            if let Some(on) = of.flag(key) {
                self.switch(flag, on);
            }
        }
    }

    /// Each assignment of each key as a flag.
    pub fn assignments(&mut self, of: &mut Translation<'_>, keys: &[(&str, &str)]) {
        for (key, flag) in keys {
            for (name, value) in of.assignments(key) {
                self.option(flag, value.map_or(name.clone(), |value| format!("{name}={value}")));
            }
        }
    }

    /// What the user adds by hand.
    pub fn own_arguments(&mut self, of: &Translation<'_>) {
        self.extend(of.arguments("PodmanArgs"));
    }

    /// As it stands in a unit.
    #[must_use]
    pub fn line(&self) -> String {
        crate::unit::words::join(&self.0)
    }
}
