//! Signals: held back while a process is born, then forwarded to it.

use nix::sys::signal::{SigSet, SigmaskHow, Signal, pthread_sigmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::{Error, Result};

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

/// A descriptor to read the held signals from.
pub(crate) fn descriptor() -> Result<SignalFd> {
    SignalFd::with_flags(&forwarded(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .map_err(|errno| Error::os("open a signal descriptor", errno))
}
