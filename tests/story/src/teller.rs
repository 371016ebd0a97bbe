//! Runs commands as a person types them, and writes down what they say.

use std::fmt::Write as _;
use std::io::Write as _;

use support::World;
use support::lab::{Lab, Who};

/// Where the commands run.
enum Place<'a> {
    Host(&'a World),
    Lab(&'a Lab),
}

/// One who tells: all commands, with what they answered.
pub struct Teller<'a> {
    place: Place<'a>,
    variables: Vec<(String, String)>,
    transcript: String,
}

/// What a command said, both streams as one.
pub struct Told {
    /// The words.
    pub text: String,
    /// The exit status.
    pub status: i32,
    line: String,
}

impl<'a> Teller<'a> {
    /// Of this machine, as the unprivileged user of a world.
    #[must_use]
    pub fn here(world: &'a World) -> Teller<'a> {
        Teller { place: Place::Host(world), variables: Vec::new(), transcript: String::new() }
    }

    /// Of the lab, as its user.
    #[must_use]
    pub fn in_lab(lab: &'a Lab) -> Teller<'a> {
        Teller { place: Place::Lab(lab), variables: Vec::new(), transcript: String::new() }
    }

    /// A variable for all commands to come: they are shown with its name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_string(), value.to_string()));
    }

    /// Its value.
    ///
    /// # Panics
    /// When it was not set.
    #[must_use]
    pub fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).expect("a variable that was set")
    }

    /// A heading.
    pub fn act(&mut self, title: &str) {
        self.note(&format!("\n# {title}\n"));
    }

    /// Writes down what happened elsewhere than in a command: on a terminal, say.
    ///
    /// # Panics
    /// Never.
    pub fn note(&mut self, text: &str) {
        // Not by a macro: what those print is shown of failed tests only, and this belongs to the log of all.
        let _ = std::io::stderr().write_all(text.as_bytes());
        self.transcript.push_str(text);
    }

    /// Runs a line of bash.
    ///
    /// # Panics
    /// When there is no bash.
    pub fn run(&mut self, line: &str) -> Told {
        let (text, status) = self.quietly(line);
        let mut shown = format!("$ {line}\n{text}");
        if !text.is_empty() && !text.ends_with('\n') {
            shown.push('\n');
        }
        if status != 0 {
            let _ = writeln!(shown, "[exit {status}]");
        }
        self.note(&shown);
        Told { text, status, line: line.to_string() }
    }

    /// The same without a word about it: what it said, and its exit status.
    ///
    /// # Panics
    /// When there is no bash.
    #[expect(clippy::must_use_candidate, reason = "for what it does")]
    pub fn quietly(&self, line: &str) -> (String, i32) {
        match self.place {
            Place::Host(world) => {
                let output = self.process(world, line).output().expect("run bash");
                let status = output.status.code().expect("bash exits");
                (String::from_utf8_lossy(&output.stdout).into_owned(), status)
            }
            Place::Lab(lab) => {
                let set = self.variables.iter().fold(String::new(), |mut all, (name, value)| {
                    let _ = writeln!(all, "{name}='{value}'");
                    all
                });
                let output = lab.run(Who::Tester, &format!("{set}exec 2>&1\n{line}"));
                (output.stdout, output.status)
            }
        }
    }

    /// The same line as a process, for who wants to start it beside the others. On this machine only.
    ///
    /// # Panics
    /// In the lab.
    #[must_use]
    pub fn beside(&self, line: &str) -> std::process::Command {
        let Place::Host(world) = self.place else { panic!("only on this machine") };
        self.process(world, line)
    }

    fn process(&self, world: &World, line: &str) -> std::process::Command {
        let podling = world.process("podling").get_program().to_owned();
        let directory = std::path::Path::new(&podling).parent().expect("a directory").display().to_string();
        let mut command = world.process("bash");
        command.env("PATH", format!("{directory}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.arg("-c").arg(format!("exec 2>&1\n{line}"));
        command
    }

    /// A line that has to succeed: what it said, without the last end of a line.
    ///
    /// # Panics
    /// When it does not succeed.
    pub fn ok(&mut self, line: &str) -> String {
        let told = self.run(line);
        assert_eq!(told.status, 0, "{line}");
        told.text.trim_end().to_string()
    }

    /// A line that has to succeed, and to say just this.
    ///
    /// # Panics
    /// When it does not.
    pub fn says(&mut self, line: &str, words: &str) {
        assert_eq!(self.ok(line), words, "{line}");
    }

    /// A line that says it in the end, a minute at most; only the last time is told.
    ///
    /// # Panics
    /// When it does not.
    pub fn comes(&mut self, line: &str, words: &str) {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while self.quietly(line).0.trim_end() != words && std::time::Instant::now() < end {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        self.says(line, words);
    }

    /// All of it.
    #[must_use]
    pub fn transcript(&self) -> &str {
        &self.transcript
    }
}

impl Drop for Teller<'_> {
    fn drop(&mut self) {
        // A container outlives whoever started it, also a test that failed.
        if std::thread::panicking() {
            self.run("podling ps -a; podling rm -f -a -t 0");
        }
    }
}

impl Told {
    /// It ended so.
    ///
    /// # Panics
    /// When it did not.
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "it asserts")]
    pub fn exits(self, status: i32) -> Told {
        assert_eq!(self.status, status, "{}", self.line);
        self
    }

    /// It said so, among others.
    ///
    /// # Panics
    /// When it did not.
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "it asserts")]
    pub fn has(self, words: &str) -> Told {
        assert!(self.text.contains(words), "{}: {words:?} is not in {:?}", self.line, self.text);
        self
    }
}
