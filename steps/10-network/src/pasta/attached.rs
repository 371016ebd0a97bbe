//! A running pasta.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ExitStatus};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use process::{Error, Result};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// How long its end is awaited, in milliseconds.
const PATIENCE: u16 = 5_000;

/// A network that works. It ends when this is dropped, and then the host's ports are free.
#[derive(Debug)]
#[must_use = "the network ends when this is dropped"]
pub struct Attached {
    child: Child,
    // Not by its number: whoever reaps all children may have reaped this one, and the number be another's.
    process: OwnedFd,
}

impl Attached {
    pub(crate) fn new(mut child: Child) -> Result<Attached> {
        let pid = rustix::process::Pid::from_child(&child);
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) => Ok(Attached { child, process }),
            Err(errno) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(Error::os("open the process of pasta", errno))
            }
        }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Its exit status, once it has ended by itself; `None` when somebody else has taken it.
    pub(crate) fn wait(&mut self) -> Option<ExitStatus> {
        self.await_end();
        self.child.try_wait().ok().flatten()
    }

    fn await_end(&self) {
        let mut ends = [PollFd::new(self.process.as_fd(), PollFlags::POLLIN)];
        while poll(&mut ends, PollTimeout::from(PATIENCE)) == Err(Errno::EINTR) {}
    }
}

/// Readable when it has ended.
impl AsFd for Attached {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.process.as_fd()
    }
}

// ANCHOR: drop
impl Drop for Attached {
    fn drop(&mut self) {
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
        self.wait();
    }
}
// ANCHOR_END: drop
