//! A user namespace that no process is in: its ids alone are wanted.

use std::cell::RefCell;
use std::fs::File;

use nix::sched::CloneFlags;
use nix::unistd::Pid;
use process::{Error, Program, Result, Start, code};

use crate::IdMap;

impl IdMap {
    /// A user namespace with these ids; it lives as long as the descriptor. A process makes it, waits while the ids are
    /// written, and is killed.
    ///
    /// # Errors
    /// When the kernel lets us make none, or not with these ids.
    // ANCHOR: hold
    pub fn hold(&self) -> Result<File> {
        let held = RefCell::new(None);
        let parent = |pid: Pid| {
            self.write(pid)?;
            let path = format!("/proc/{pid}/ns/user");
            let file = File::open(&path).map_err(|error| Error::os(format!("open {path}"), error))?;
            held.replace(Some(file));
            Ok(())
        };
        // Nothing is ever executed.
        let program = Program::new(["none"]);
        let start = Start { flags: CloneFlags::CLONE_NEWUSER, parent: Some(&parent), ..Start::new(&program, &()) };
        drop(start.create()?);
        held.into_inner()
            .ok_or_else(|| Error::new("make a user namespace: its process has died").code(code::CHILD_DIED))
    }
    // ANCHOR_END: hold
}
