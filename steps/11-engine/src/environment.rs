//! The environment of the program.

use process::{Error, Result};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// `NAME=value` each, the later of a name instead of the earlier.
#[derive(Debug)]
pub(crate) struct Environment(Vec<String>);

impl Environment {
    /// What every container has: PATH and `container`, by which programs know that they are in one; TERM when
    /// it has a terminal.
    pub fn new(terminal: bool) -> Environment {
        let mut environment = Environment(Vec::new());
        environment.set("PATH", PATH);
        environment.set("container", "podling");
        if terminal {
            environment.set("TERM", "xterm");
        }
        environment
    }

    /// Sets one.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|pair| pair.split_once('=').is_none_or(|(known, _)| known != name));
        self.0.push(format!("{name}={value}"));
    }

    /// Those of the image. An entry that is no pair is left out: it must not name a variable of the caller's
    /// (CVE-2026-57231).
    pub fn image(&mut self, pairs: &[String]) {
        for (name, value) in pairs.iter().filter_map(|pair| pair.split_once('=')).filter(|(name, _)| !name.is_empty()) {
            self.set(name, value);
        }
    }

    /// Those of the command line: `NAME=value`, or `NAME` for the caller's, if it has one.
    ///
    /// # Errors
    /// When a name is empty.
    pub fn user(&mut self, pairs: &[String]) -> Result<()> {
        for pair in pairs {
            match pair.split_once('=') {
                Some(("", _)) | None if pair.is_empty() || pair.starts_with('=') => {
                    return Err(Error::new(format!("invalid variable: {pair:?}")));
                }
                Some((name, value)) => self.set(name, value),
                None => {
                    if let Ok(value) = std::env::var(pair) {
                        self.set(pair, &value);
                    }
                }
            }
        }
        Ok(())
    }

    /// Sets one unless it is there.
    pub fn set_default(&mut self, name: &str, value: &str) {
        if !self.0.iter().any(|pair| pair.split_once('=').is_some_and(|(known, _)| known == name)) {
            self.set(name, value);
        }
    }

    /// As the kernel wants it.
    pub fn pairs(self) -> Vec<String> {
        self.0
    }
}
