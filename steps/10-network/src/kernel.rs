//! What a child does between fork and exec. The only `unsafe` of this step.
#![expect(unsafe_code, reason = "code between fork and exec")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid, setsid};

/// Makes the program that `command` starts die when we die, and deaf to our terminal.
pub(crate) fn tie(command: &mut Command) -> &mut Command {
    let parent = getpid();
    // SAFETY: between fork and exec these are system calls and nothing else: no lock is taken, nothing is allocated.
    unsafe { command.pre_exec(move || tied(parent)) }
}

fn tied(parent: Pid) -> io::Result<()> {
    setsid()?;
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // It may have died before.
    if getppid() == parent { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}
