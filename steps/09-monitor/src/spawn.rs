//! The birth of a monitor: this program again, on the other side.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};

use namespaces::{Storage, itself};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout};
use process::{Child, Error, Result, Setup, Start};

use crate::message;

/// What a monitor gets instead of standard input and output: the connection to who starts it, and a descriptor whose
/// lock passes on to it. Two descriptors that every program has need no other way.
struct Handed {
    socket: OwnedFd,
    lock: OwnedFd,
}

impl Setup for Handed {
    fn setup(&self) -> Result<()> {
        dup2_stdin(&self.socket)
            .and_then(|()| dup2_stdout(&self.lock))
            .map_err(|errno| Error::os("hand descriptors to the monitor", errno))
    }
}

/// Starts `args`, a verb of this program, as root of a user namespace, and as our child that goes on without us. It
/// finds what it needs by [`handed`]. Returns it and our end of the connection, on which `first` has spoken.
///
/// # Errors
/// When it cannot be started, or what `first` says.
// ANCHOR: spawn
pub fn spawn(
    args: Vec<OsString>,
    lock: OwnedFd,
    first: impl FnOnce(&OwnedFd) -> Result<()>,
) -> Result<(Child, OwnedFd)> {
    let (ours, theirs) = message::pair()?;
    // Before there is anybody to hear it: a program that ends at once has had its output watched all the same.
    first(&ours)?;
    let handed = Handed { socket: theirs, lock };
    let program = itself::program(args);
    let child = Storage::open()?.with(&program, &handed, |start| Start { lives_on: true, ..*start }.start())?;
    Ok((child, ours))
}
// ANCHOR_END: spawn

/// On the other side: the connection and the lock. The standard descriptors lead nowhere from now on, so that
/// nobody waits for the end of our output.
///
/// # Errors
/// When this is not how we were started.
// ANCHOR: handed
pub fn handed() -> Result<(OwnedFd, OwnedFd)> {
    let failed = |error: std::io::Error| Error::os("take what the monitor was handed", error);
    let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
    let socket = stdin.as_fd().try_clone_to_owned().map_err(failed)?;
    let lock = stdout.as_fd().try_clone_to_owned().map_err(failed)?;
    let null =
        open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty()).map_err(|errno| failed(errno.into()))?;
    dup2_stdin(&null)
        .and_then(|()| dup2_stdout(&null))
        .and_then(|()| dup2_stderr(&null))
        .map_err(|errno| failed(errno.into()))?;
    // No file system is kept busy by where the caller happened to be.
    let _ = std::env::set_current_dir("/");
    Ok((socket, lock))
}
// ANCHOR_END: handed
