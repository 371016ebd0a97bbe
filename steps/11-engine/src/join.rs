//! Into what a running container has already: the namespaces of a process.

use std::os::fd::OwnedFd;

use nix::sched::{CloneFlags, setns};
use nix::unistd::geteuid;
use process::{Error, Result, Setup, code};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::status::ticks;

/// Joins namespaces of the process that the descriptor stands for, all at once (setns(2) with a pidfd, Linux 5.8).
pub(crate) struct Join {
    process: OwnedFd,
    flags: CloneFlags,
}

impl Join {
    /// The user's namespace, in which a monitor is root, and the monitor's mounts. Root has no such user namespace.
    pub fn monitor(pid: u32) -> Result<Join> {
        let user = if geteuid().is_root() { CloneFlags::empty() } else { CloneFlags::CLONE_NEWUSER };
        Ok(Join { process: open(pid)?, flags: user | CloneFlags::CLONE_NEWNS })
    }

    /// All that the first process of a container has and we have not. That process began at `began`: another one of its
    /// number is not meant.
    // ANCHOR: container
    pub fn container(pid: u32, began: u64) -> Result<Join> {
        let process = open(pid)?;
        let flags = namespaces::foreign(pid, CloneFlags::all()).map_err(|_| gone())?;
        // Only now that we hold it can it not become another one.
        if ticks(pid) != Some(began) {
            return Err(gone());
        }
        Ok(Join { process, flags })
    }
    // ANCHOR_END: container
}

impl Setup for Join {
    fn setup(&self) -> Result<()> {
        setns(&self.process, self.flags).map_err(|errno| Error::os("join the container's namespaces", errno))
    }
}

fn open(pid: u32) -> Result<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(gone)?;
    pidfd_open(pid, PidfdFlags::empty()).map_err(|_| gone())
}

fn gone() -> Error {
    Error::new("the container has just ended").code(code::NOT_RUNNING)
}
