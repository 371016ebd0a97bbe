//! A world in which podling has loaded an image, and what it shows.
#![allow(dead_code, reason = "no test uses all of it")]

pub mod cage;
pub mod probe;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use support::image::BUSYBOX;
use support::{World, busybox_archive, observe};

/// A store with busybox in it.
pub struct Podling {
    pub world: World,
}

impl Podling {
    pub fn new() -> Podling {
        let world = World::new();
        let archive = busybox_archive(&world);
        let podling = Podling { world };
        podling.load(&archive);
        podling
    }

    pub fn load(&self, archive: &Path) {
        self.world.command("podling").args(["load", "-i"]).arg(archive).assert().success();
    }

    /// `podling run --rm FLAGS busybox COMMAND`, as words.
    pub fn words<'a>(flags: &[&'a str], command: &[&'a str]) -> Vec<&'a str> {
        [&["run", "--rm"], flags, &[BUSYBOX], command].concat()
    }

    /// The same, run: what a person sees.
    pub fn run(&self, flags: &[&str], command: &[&str]) -> String {
        self.shown(&Podling::words(flags, command))
    }

    /// Any command, as it is typed, what a person sees, and its exit status unless it is 0.
    pub fn shown(&self, words: &[&str]) -> String {
        let output = self.world.command("podling").args(words).output().unwrap();
        let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        format!("$ podling {}\n{}\n", quoted.join(" "), text(output))
    }

    /// What the program writes; it has to end well.
    pub fn out(&self, flags: &[&str], command: &[&str]) -> String {
        let output = self.world.command("podling").args(Podling::words(flags, command)).output().unwrap();
        assert!(output.status.success(), "{}", text(output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A container whose program is `cat`: it lasts until its input ends.
    pub fn cat(&self, flags: &[&str]) -> Cat {
        self.cat_of(&mut self.world.process("podling"), flags)
    }

    /// The same, by a command with an environment of its own, say.
    pub fn cat_of(&self, command: &mut Command, flags: &[&str]) -> Cat {
        let flags = [&["run", "--rm", "-i"], flags].concat();
        let child = command.args(flags).args([BUSYBOX, "cat"]).stdin(Stdio::piped()).spawn().unwrap();
        let pid = observe::await_program(child.id(), &["cat"]);
        Cat { child, pid }
    }

    /// What is in a directory of the engine's state.
    pub fn entries(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.world.data().join("podling").join(directory));
        let names = entries.into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// Asserts that no container has left anything: no record, no lock, no name, no draft, no mount.
    pub fn assert_clean(&self) {
        for directory in ["containers", "running", "container-names", "tmp"] {
            assert_eq!(self.entries(directory), [""; 0], "{directory}");
        }
        let mounts = observe::mounts_below(self.world.root());
        assert!(mounts.is_empty(), "{mounts:?}");
        assert_eq!(self.world.root().join("tmp").read_dir().unwrap().count(), 0, "$TMPDIR");
    }
}

/// A running container.
pub struct Cat {
    pub child: Child,
    /// Its first process, as the host calls it.
    pub pid: u32,
}

impl Cat {
    /// Ends its input, and it.
    pub fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// Standard output and error, and the status unless it is 0.
pub fn text(output: Output) -> String {
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    match output.status.code() {
        Some(0) => text,
        code => format!("{text}[exit {}]\n", code.unwrap_or(-1)),
    }
}

/// A word as one types it in a shell.
fn quoted(word: &str) -> String {
    match word {
        word if word.contains('\'') => format!("\"{word}\""),
        word if word.is_empty() || word.contains([' ', '"', '$']) => format!("'{word}'"),
        word => word.to_string(),
    }
}
