//! The process that answers for a file system.

use std::io::{PipeReader, Read, pipe};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};

use process::{Error, Result};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::kernel;

/// How long the end of a program is awaited whose file system is gone, in milliseconds.
const PATIENCE: u16 = 5_000;

/// The program that answers for a mount. It ends with the last mount of its file system; it is killed when this is dropped,
/// and when our thread ends.
#[derive(Debug)]
#[must_use = "the file system ends when this is dropped"]
pub struct Server {
    pid: Pid,
    // Not by its number: whoever reaps all children may have reaped this one, and the number be another's.
    process: OwnedFd,
}

impl Server {
    /// Starts it with the descriptors `kept`, by their numbers; what it complains of can be read.
    pub(super) fn start<'a>(
        command: &mut Command,
        kept: impl Iterator<Item = BorrowedFd<'a>>,
    ) -> Result<(Server, PipeReader)> {
        let (complaints, errors) = pipe().map_err(|error| Error::os("make a pipe", error))?;
        let tried = format!("start {}", command.get_program().display());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).current_dir("/");
        let started = kernel::tie(command, kept).spawn().map_err(|error| Error::os(&tried, error));
        // Ours of the pipe's ends.
        command.stderr(Stdio::null());
        let mut child = started?;
        let pid = Pid::from_child(&child);
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) => Ok((Server { pid, process }, complaints)),
            Err(errno) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(Error::os(tried, errno))
            }
        }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().cast_unsigned()
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        kernel::await_readable(self.process.as_fd(), 0)
    }

    /// Waits until it has written everything and ended. To be called when its file system is mounted nowhere any more.
    pub fn finish(self) {
        kernel::await_readable(self.process.as_fd(), PATIENCE);
    }

    /// Why it has ended, by its own words.
    pub(super) fn last_words(self, complaints: PipeReader) -> String {
        // The kernel knows that it has closed its files a moment before its parent knows that it has ended.
        kernel::await_readable(self.process.as_fd(), PATIENCE);
        drop(self);
        let mut says = Vec::new();
        let _ = complaints.take(1 << 12).read_to_end(&mut says);
        let says = String::from_utf8_lossy(&says);
        // It complains of what it does not know, too, and goes on; the last line is why it did not.
        let last = says.lines().rev().map(str::trim).find(|line| !line.is_empty());
        last.unwrap_or("it has ended, and says nothing").to_string()
    }
}

/// Readable when it has ended.
impl AsFd for Server {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.process.as_fd()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
        kernel::await_readable(self.process.as_fd(), PATIENCE);
        kernel::reap(&self.process);
    }
}
