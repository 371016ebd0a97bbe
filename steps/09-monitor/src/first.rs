//! The first process of a container, whoever has made it.

use nix::unistd::Pid;
use process::{Child, Created, Result};

/// A process that has its walls, and waits for the word to execute its program.
pub enum First {
    /// Made by us.
    Ours(Created),
    /// Made by another OCI runtime, which has left it to us, and which also gives it the word.
    Theirs(Pid, Box<dyn FnOnce() -> Result<()>>),
}

impl First {
    pub(crate) fn pid(&self) -> Pid {
        match self {
            First::Ours(created) => created.pid(),
            First::Theirs(pid, _) => *pid,
        }
    }

    /// Gives the word.
    ///
    /// # Errors
    /// Why the program could not be executed; no process is left then.
    pub(crate) fn start(self) -> Result<Child> {
        match self {
            First::Ours(created) => created.start(),
            First::Theirs(pid, start) => {
                let child = Child::adopted(pid)?;
                start().map(|()| child)
            }
        }
    }
}
