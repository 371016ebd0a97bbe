//! A pasta that has been started, until it is ready.

use std::ffi::OsString;
use std::fs::File;
use std::io::{PipeReader, Read, pipe};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Pid, geteuid};
use process::{Error, Result};

use crate::pasta::word::{Heard, PidFile, Word};
use crate::pasta::{Attached, failure};
use crate::{Port, kernel};

/// What is needed to wait for pasta, and to start it once more.
#[derive(Debug)]
pub(crate) struct Coming {
    pasta: Attached,
    word: Word,
    complaints: PipeReader,
    command: Again,
    ports: Vec<Port>,
}

/// A command line of pasta.
#[derive(Debug, Clone)]
pub(crate) struct Again {
    /// Its file.
    pub program: &'static Path,
    /// Its arguments, but for the three that follow from the rest.
    pub args: Vec<OsString>,
    /// Whose network it is.
    pub pid: Pid,
    /// How it is shown that network.
    pub by: By,
    /// How it is to say that it is ready.
    pub way: Way,
}

/// How pasta is shown the container's network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// By its path in /proc: so pasta sees by itself when it is gone, once a second.
    Path,
    /// By a descriptor. Before 2025 it gave the right away that the path takes (CAP_SYS_PTRACE); then it ends with us.
    Descriptor,
}

/// Where pasta writes that it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// [`Word::Pipe`]
    Pipe,
    /// [`Word::File`]
    File,
}

impl Coming {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started; that something is wrong with what it was told, [`Coming::ready`] says.
    pub fn start(command: Again, ports: Vec<Port>) -> Result<Coming> {
        let failed = |error| Error::os("make a pipe", error);
        let mut pasta = Command::new(command.program);
        pasta.args(&command.args);
        let word = match command.way {
            Way::Pipe => {
                let (word, out) = pipe().map_err(failed)?;
                pasta.args(["--pid", "/proc/self/fd/1"]).stdout(out);
                Word::Pipe(word)
            }
            Way::File => {
                let file = PidFile::new()?;
                pasta.arg("--pid").arg(file.path()).stdout(Stdio::null());
                Word::File(file)
            }
        };
        let namespace = format!("/proc/{}/ns/net", command.pid);
        match command.by {
            By::Path => pasta.args(["--netns", &namespace]).stdin(Stdio::null()),
            By::Descriptor => {
                let file = File::open(&namespace).map_err(|error| Error::os(format!("open {namespace}"), error))?;
                pasta.args(["--netns", "/proc/self/fd/0"]).stdin(file)
            }
        };
        if in_initial_namespace() {
            // Its habit is to become nobody, who may not enter the namespace.
            pasta.args(["--runas", "0:0"]);
        }
        let (complaints, errors) = pipe().map_err(failed)?;
        let child = kernel::tie(pasta.stderr(errors))
            .spawn()
            .map_err(|error| Error::os(format!("start {}", command.program.display()), error).exit(126))?;
        Ok(Coming { pasta: Attached::new(child)?, word, complaints, command, ports })
    }

    /// It writes its process id when all is set up; the pipe ends when it fails. Where it cannot do what it was told
    /// because it is old or forbidden to, it is started once more, and told otherwise.
    ///
    /// # Errors
    /// What it complained of; it has ended then.
    // ANCHOR: ready
    pub fn ready(mut self) -> Result<Attached> {
        let heard = self.word.hear(&self.pasta)?;
        if heard == Heard::Ready {
            return Ok(self.pasta);
        }
        let command = self.command.clone();
        if heard == Heard::Mute {
            return self.once_more(Again { way: Way::File, ..command });
        }
        let mut says = Vec::new();
        let _ = self.complaints.by_ref().take(1 << 16).read_to_end(&mut says);
        let says = failure::words(&says);
        if command.by == By::Path && says.contains("Couldn't open network namespace") {
            return self.once_more(Again { by: By::Descriptor, ..command });
        }
        if command.way == Way::Pipe && says.contains("PID file") {
            return self.once_more(Again { way: Way::File, ..command });
        }
        Err(failure::explain(&says, self.pasta.wait(), &self.ports))
    }
    // ANCHOR_END: ready

    fn once_more(self, command: Again) -> Result<Attached> {
        let Coming { pasta, ports, .. } = self;
        // It has the ports.
        drop(pasta);
        Coming::start(command, ports)?.ready()
    }
}

/// Whether we are the system's root, and not only root in a user namespace.
fn in_initial_namespace() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    geteuid().is_root() && map.split_whitespace().eq(["0", "0", "4294967295"])
}
