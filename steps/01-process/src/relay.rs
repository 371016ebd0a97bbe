//! The parent's end of a terminal: copies between it and the caller's.

use std::io::{self, IsTerminal, Stdin};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{read, write};

use crate::console::callers_window;
use crate::{Error, Result, kernel};

/// Copies what is typed to the program's terminal and what it writes to our output. The caller's terminal is
/// raw meanwhile, so that Ctrl-C is a byte for the program's terminal and not a signal for us; it is as before
/// when this is dropped.
pub struct Relay {
    master: Option<OwnedFd>,
    stdin: Stdin,
    input: bool,
    before: Option<Termios>,
    /// Typed, but not yet taken by the program's terminal.
    pending: Vec<u8>,
    /// A line was begun, and not ended by Enter.
    unfinished: bool,
    /// No process has the program's terminal open just now.
    away: bool,
}

/// How long to wait, in milliseconds, before looking whether a process has opened the program's terminal again: the
/// kernel does not say.
const AWAY: u8 = 100;

impl Relay {
    /// Starts to relay; reads standard input only when `interactive`.
    ///
    /// # Errors
    /// When the caller's terminal cannot be made raw.
    pub fn new(master: OwnedFd, interactive: bool) -> Result<Relay> {
        let failed = |errno| Error::os("set up the terminal", errno);
        // A program that does not read must not stop us from showing what it writes.
        fcntl(&master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(failed)?;
        let stdin = io::stdin();
        let mut before = None;
        if interactive && stdin.is_terminal() {
            let mode = tcgetattr(&stdin).map_err(failed)?;
            let mut raw = mode.clone();
            cfmakeraw(&mut raw);
            tcsetattr(&stdin, SetArg::TCSANOW, &raw).map_err(failed)?;
            before = Some(mode);
        }
        let relay = Relay {
            master: Some(master),
            stdin,
            input: interactive,
            before,
            pending: Vec::new(),
            unfinished: false,
            away: false,
        };
        relay.resize();
        Ok(relay)
    }

    /// What to wait for.
    pub(crate) fn poll(&self) -> Vec<PollFd<'_>> {
        let mut waiting = Vec::new();
        if let Some(master) = &self.master
            && !self.away
        {
            let wants =
                if self.pending.is_empty() { PollFlags::POLLIN } else { PollFlags::POLLIN | PollFlags::POLLOUT };
            waiting.push(PollFd::new(master.as_fd(), wants));
        }
        if self.input && self.pending.is_empty() {
            waiting.push(PollFd::new(self.stdin.as_fd(), PollFlags::POLLIN));
        }
        waiting
    }

    /// How long.
    pub(crate) fn timeout(&self) -> PollTimeout {
        if self.away && self.master.is_some() { PollTimeout::from(AWAY) } else { PollTimeout::NONE }
    }

    /// The window of the caller's terminal is the window of the program's.
    pub(crate) fn resize(&self) {
        if let (Some(master), Some(window)) = (&self.master, callers_window()) {
            let _ = kernel::set_window(master.as_fd(), &window);
        }
    }

    /// Copies what is there, both ways, without waiting.
    // ANCHOR: relay
    pub(crate) fn copy(&mut self) {
        self.show(1);
        if self.input && self.pending.is_empty() && ready(self.stdin.as_fd()) {
            let mut bytes = [0; 4096];
            match read(&self.stdin, &mut bytes) {
                Ok(0) => {
                    // End of file is what Ctrl-D is on a terminal; in the midst of a line the first one ends that.
                    self.input = false;
                    self.pending.extend(if self.unfinished { vec![4, 4] } else { vec![4] });
                }
                Ok(count) => {
                    self.pending.extend_from_slice(&bytes[..count]);
                    self.unfinished = !matches!(bytes[count - 1], b'\n' | b'\r');
                }
                Err(_) => self.input = false,
            }
        }
        if let Some(master) = &self.master
            && !self.pending.is_empty()
            && let Ok(count) = write(master, &self.pending)
        {
            self.pending.drain(..count);
        }
    }
    // ANCHOR_END: relay

    /// What the program wrote before it ended.
    pub(crate) fn drain(&mut self) {
        self.show(usize::MAX);
    }

    /// Copies output while there is some, at most `times` pieces.
    fn show(&mut self, times: usize) {
        let mut bytes = [0; 16384];
        for _ in 0..times {
            let Some(master) = &self.master else { return };
            let result = read(master, &mut bytes);
            self.away = false;
            match result {
                Ok(count) if count > 0 => {
                    if write_all(io::stdout().as_fd(), &bytes[..count]).is_err() {
                        // Nobody looks any more; the program gets its hang-up when we close.
                        self.master = None;
                    }
                }
                Err(Errno::EAGAIN | Errno::EINTR) => return,
                // EIO: the last process that had the terminal open has closed it. It may be about to end, or to
                // open it again; to close our end would kill it.
                _ => {
                    self.away = true;
                    return;
                }
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(&self.stdin, SetArg::TCSANOW, before);
        }
    }
}

/// Not by the standard library: what it failed to write it would keep, and fail again later.
fn write_all(out: BorrowedFd<'_>, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match write(out, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR) => {}
            // Somebody who shares it does not want to wait; we do.
            Err(Errno::EAGAIN) => drop(poll(&mut [PollFd::new(out, PollFlags::POLLOUT)], PollTimeout::NONE)),
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn ready(descriptor: BorrowedFd<'_>) -> bool {
    let mut waiting = [PollFd::new(descriptor, PollFlags::POLLIN)];
    poll(&mut waiting, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}
