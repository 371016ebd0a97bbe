//! A program that lives as long as we do, and what it has of ours.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{Pid, getpid, getppid, setsid};
use rustix::process::{WaitId, WaitIdOptions, waitid};

/// Polite requests to end: whoever means the container, or all of a service, does not mean this program.
const IGNORED: [Signal; 3] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM];

/// Makes the program that `command` starts die when our thread ends, deaf to our terminal and to polite requests to end, and
/// lets it have the descriptors `kept`, by their numbers.
#[expect(unsafe_code, reason = "code between fork and exec")]
pub fn tie<'a, 'b>(command: &'b mut Command, kept: impl Iterator<Item = BorrowedFd<'a>>) -> &'b mut Command {
    let (parent, kept) = (getpid(), kept.map(|fd| fd.as_raw_fd()).collect::<Vec<_>>());
    // SAFETY: between fork and exec these are system calls and nothing else: no lock is taken, nothing is allocated. The
    // numbers are those of descriptors that the parent has open, and so has the child.
    unsafe { command.pre_exec(move || tied(parent, &kept)) }
}

fn tied(parent: Pid, kept: &[RawFd]) -> io::Result<()> {
    setsid()?;
    set_pdeathsig(Signal::SIGKILL)?;
    // It may have died before.
    if getppid() != parent {
        return Err(io::ErrorKind::NotFound.into());
    }
    for signal in IGNORED {
        ignore(signal)?;
    }
    Ok(kept.iter().try_for_each(|fd| keep(*fd))?)
}

#[expect(unsafe_code, reason = "sigaction(2)")]
fn ignore(signal: Signal) -> nix::Result<()> {
    let action = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed.
    unsafe { sigaction(signal, &action) }.map(drop)
}

#[expect(unsafe_code, reason = "a descriptor by its number")]
fn keep(fd: RawFd) -> nix::Result<()> {
    // SAFETY: the child has it open, as its parent had at the fork (see `tie`).
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    fcntl(fd, FcntlArg::F_SETFD(FdFlag::empty())).map(drop)
}

/// Waits until a descriptor is readable, as a process's is when it has ended, so many milliseconds at most. Whether it is.
pub fn await_readable(fd: BorrowedFd<'_>, milliseconds: u16) -> bool {
    let mut ends = [PollFd::new(fd, PollFlags::POLLIN)];
    loop {
        match poll(&mut ends, PollTimeout::from(milliseconds)) {
            Err(Errno::EINTR) => {}
            ready => return ready == Ok(1),
        }
    }
}

/// Waits until a table of mounts (`/proc/PID/mountinfo`, proc_pid_mountinfo(5)) has changed, or a process has ended.
pub fn await_change(table: BorrowedFd<'_>, process: BorrowedFd<'_>) {
    let mut ends = [PollFd::new(table, PollFlags::POLLPRI), PollFd::new(process, PollFlags::POLLIN)];
    while poll(&mut ends, PollTimeout::NONE) == Err(Errno::EINTR) {}
}

/// Takes the status of a child that has ended, unless somebody else has taken it.
pub fn reap(process: impl AsFd) {
    let _ = waitid(WaitId::PidFd(process.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
}
