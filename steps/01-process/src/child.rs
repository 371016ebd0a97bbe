//! A running child: wait for it, and be its proxy for signals and the terminal meanwhile.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use crate::{Error, Relay, Result, kernel, signals};

/// A process that we started. It is killed when this is dropped without having been waited for.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    mask: SigSet,
    running: bool,
}

impl Child {
    pub(crate) fn new(pid: Pid, mask: SigSet) -> Self {
        Child { pid, mask, running: true }
    }

    /// A process that another one has started for us, and left to us: this one has to be a subreaper (prctl(2)).
    ///
    /// # Errors
    /// When signals cannot be held back until somebody can forward them.
    pub fn adopted(pid: Pid) -> Result<Child> {
        Ok(Child::new(pid, signals::block()?))
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends it a signal, unless it has just ended.
    pub fn signal(&self, number: u32) {
        let _ = kernel::kill(self.pid, number);
    }

    /// Lets it go on without us: it is neither waited for nor killed.
    pub fn leave(mut self) {
        self.running = false;
    }

    /// Waits until it ends, and forwards it every signal that comes meanwhile. Returns its exit status, 128+n
    /// when signal n ended it.
    ///
    /// # Errors
    /// When it is not our child (any more).
    pub fn wait(self) -> Result<u8> {
        self.wait_with(None)
    }

    /// The same, while `relay` copies between the caller's terminal and the child's.
    ///
    /// # Errors
    /// As [`Child::wait`], and when the terminal fails.
    // ANCHOR: wait
    pub fn wait_with(mut self, mut relay: Option<Relay>) -> Result<u8> {
        let signals = signals::descriptor()?;
        loop {
            if let Some(status) = self.try_wait()? {
                if let Some(relay) = &mut relay {
                    relay.drain();
                }
                return Ok(status);
            }
            let mut waiting = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
            if let Some(relay) = &relay {
                waiting.extend(relay.poll());
            }
            let timeout = relay.as_ref().map_or(PollTimeout::NONE, Relay::timeout);
            match poll(&mut waiting, timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::os("wait for the program", errno)),
            }
            while let Ok(Some(signal)) = signals.read_signal() {
                match (signal.ssi_signo, &relay) {
                    (number, _) if number == Signal::SIGCHLD as u32 => {}
                    (number, Some(relay)) if number == Signal::SIGWINCH as u32 => relay.resize(),
                    (number, _) => self.signal(number),
                }
            }
            if let Some(relay) = &mut relay {
                relay.copy();
            }
        }
    }
    // ANCHOR_END: wait

    /// Takes every child that has ended, also those that were left to us; the status when it was this one.
    ///
    /// # Errors
    /// As [`Child::wait`].
    pub fn try_wait(&mut self) -> Result<Option<u8>> {
        loop {
            let (pid, status) = match kernel::wait_any() {
                Ok(Some(ended)) => ended,
                Ok(None) => return Ok(None),
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(Error::os(format!("wait for process {}", self.pid), errno)),
            };
            if pid == self.pid {
                self.running = false;
                return Ok(Some(status));
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.running {
            let _ = kernel::kill(self.pid, Signal::SIGKILL as u32);
            let _ = waitpid(self.pid, None);
        }
        let _ = signals::restore(&self.mask);
    }
}
