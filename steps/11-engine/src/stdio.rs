//! Whose the standard descriptors are.

use std::io::{stderr, stdin, stdout};
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::stat::{SFlag, fstat};
use nix::unistd::{Uid, fchown, isatty};
use process::{Result, Setup};

/// They are the container's user's: who may write to standard output may also open `/dev/stdout`, as many a server does
/// with its log.
pub(crate) struct Owned<'a> {
    pub stdio: &'a dyn Setup,
    pub user: u32,
}

impl Setup for Owned<'_> {
    fn setup(&self) -> Result<()> {
        self.stdio.setup()?;
        let (stdin, stdout, stderr) = (stdin(), stdout(), stderr());
        for fd in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
            // Not /dev/null, which is everybody's.
            if is_pipe(fd) || isatty(fd).unwrap_or(false) {
                fchown(fd, Some(Uid::from_raw(self.user)), None)
                    .map_err(|errno| confinement::unmapped(format!("become user {}", self.user), errno))?;
            }
        }
        Ok(())
    }
}

fn is_pipe(fd: BorrowedFd<'_>) -> bool {
    fstat(fd).is_ok_and(|stat| SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFIFO)
}
