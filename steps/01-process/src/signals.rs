//! Signals: held back while a process is born, then forwarded to it.

use nix::sys::signal::{SigSet, SigmaskHow, Signal, pthread_sigmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::{Error, Result, kernel};

/// These stay with the caller: faults are its own, a broken pipe too, and job control stops it, not the program.
const OURS: [Signal; 10] = [
    Signal::SIGSEGV,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGTRAP,
    Signal::SIGABRT,
    Signal::SIGPIPE,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

fn forwarded() -> SigSet {
    let mut set = SigSet::all();
    for signal in OURS {
        set.remove(signal);
    }
    set
}

/// Holds every signal back that can be forwarded; returns the mask from before.
pub(crate) fn block() -> Result<SigSet> {
    let mut before = SigSet::empty();
    pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&forwarded()), Some(&mut before))
        .map_err(|errno| Error::os("block signals", errno))?;
    Ok(before)
}

/// Sets the mask from before.
pub(crate) fn restore(before: &SigSet) -> Result<()> {
    pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(before), None).map_err(|errno| Error::os("unblock signals", errno))
}

/// Lets no signal be ignored: what is ignored stays so over exec, while handlers go (execve(2)). Rust programs ignore
/// SIGPIPE, a shell lets a job in the background ignore SIGINT, and a program cannot know why. To read which ones they are
/// costs three system calls, to set all of them 64.
// ANCHOR: heed
pub(crate) fn heed(ignored: u64) {
    for signal in 1..=kernel::last_signal() {
        if ignored >> (signal - 1) & 1 == 1 {
            kernel::default_signal(signal);
        }
    }
}

/// The mask `SigIgn` of `/proc/self/status` (proc_pid_status(5)); all of them where that cannot be read.
pub(crate) fn ignored() -> u64 {
    let read = || {
        let status = String::from_utf8(crate::file::read("/proc/self/status", 1 << 16).ok()?).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(line.trim(), 16).ok()
    };
    read().unwrap_or(u64::MAX)
}
// ANCHOR_END: heed

/// Signals are held back as long as this lives, for whoever waits for something else than a [`crate::Child`].
pub struct Held(SigSet);

impl Held {
    /// Holds them.
    ///
    /// # Errors
    /// None that the kernel would give for this set.
    pub fn new() -> Result<Held> {
        block().map(Held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = restore(&self.0);
    }
}

/// Sends a signal by its number: the real-time ones have no names.
///
/// # Errors
/// Those of kill(2).
pub fn send(pid: nix::unistd::Pid, number: u32) -> nix::Result<()> {
    kernel::kill(pid, number)
}

/// The numbers of the first and the last real-time signal.
#[must_use]
pub fn real_time() -> (u32, u32) {
    (kernel::first_real_time().cast_unsigned(), kernel::last_signal().cast_unsigned())
}

/// A descriptor to read the signals from that are held back while a [`crate::Child`] lives.
///
/// # Errors
/// When there is no descriptor to be had.
pub fn descriptor() -> Result<SignalFd> {
    SignalFd::with_flags(&forwarded(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .map_err(|errno| Error::os("open a signal descriptor", errno))
}
