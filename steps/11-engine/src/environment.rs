//! The environment of the program.

use process::{Error, Result, code};

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

    /// Those that were asked for, `NAME=value`.
    pub fn asked(&mut self, pairs: &[String]) {
        for (name, value) in pairs.iter().filter_map(|pair| pair.split_once('=')) {
            self.set(name, value);
        }
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

/// The variables of a command line: all of the caller's when `host`, those in `files`, and `pairs`, `NAME=value` or `NAME`
/// for the caller's, if it has one. What comes later counts. A name with `*` at its end is all that begin so.
///
/// # Errors
/// When a name is empty, or a file cannot be read.
pub(crate) fn asked(host: bool, files: &[String], pairs: &[String]) -> Result<Vec<String>> {
    let mut asked = Environment(Vec::new());
    if host {
        asked.callers("");
    }
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| Error::os(format!("read {file}"), error))?;
        for line in text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            asked.add(line)?;
        }
    }
    for pair in pairs {
        asked.add(pair)?;
    }
    Ok(asked.0)
}

impl Environment {
    fn add(&mut self, pair: &str) -> Result<()> {
        match pair.split_once('=') {
            Some(("", _)) => return Err(Error::new(format!("invalid variable: {pair:?}")).code(code::BAD_VALUE)),
            None if pair.is_empty() => {
                return Err(Error::new(format!("invalid variable: {pair:?}")).code(code::BAD_VALUE));
            }
            Some((name, value)) => self.set(name, value),
            None => match pair.strip_suffix('*') {
                Some(prefix) => self.callers(prefix),
                None => {
                    if let Ok(value) = std::env::var(pair) {
                        self.set(pair, &value);
                    }
                }
            },
        }
        Ok(())
    }

    /// The caller's own whose name begins so.
    fn callers(&mut self, prefix: &str) {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        for (name, value) in std::env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with(prefix)) {
            self.set(&name, &value);
        }
    }
}
