//! The mark that a container runs: a file that its keeper has locked. The kernel takes the lock off a dead process, so
//! it never lies.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use process::{Error, Result};

/// A container that is ours as long as this lives.
pub struct Running {
    path: PathBuf,
    left: bool,
    _lock: Flock<File>,
}

impl Running {
    /// Makes the mark `path`; `None` when somebody else has it, unless we are to wait for that one.
    pub(crate) fn mark(path: PathBuf, wait: bool) -> Result<Option<Running>> {
        let how = if wait { FlockArg::LockExclusive } else { FlockArg::LockExclusiveNonblock };
        loop {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
            let file = file.map_err(|error| Error::os(format!("create {}", path.display()), error))?;
            let lock = match Flock::lock(file, how) {
                Ok(lock) => lock,
                Err((_, Errno::EWOULDBLOCK)) => return Ok(None),
                Err((_, errno)) => return Err(Error::os(format!("lock {}", path.display()), errno)),
            };
            // The last one to hold the lock may have removed the file just before we got it.
            if fs::metadata(&path).is_ok_and(|there| lock.metadata().is_ok_and(|ours| there.ino() == ours.ino())) {
                return Ok(Some(Running { path, left: false, _lock: lock }));
            }
        }
    }

    /// Whether somebody has the mark.
    pub(crate) fn is_held(path: &Path) -> bool {
        let Ok(file) = File::open(path) else { return false };
        Flock::lock(file, FlockArg::LockSharedNonblock).is_err()
    }

    /// Leaves the mark where it is, unlocked: the container is not as it should be, and a sweep may mend it.
    pub(crate) fn leave(mut self) {
        self.left = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.left {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Locks a directory, for as long as this lives.
pub(crate) fn lock_dir(path: &Path) -> Result<Flock<File>> {
    let failed = |error: io::Error| Error::os(format!("lock {}", path.display()), error);
    let directory = File::open(path).map_err(failed)?;
    Flock::lock(directory, FlockArg::LockExclusive).map_err(|(_, errno)| failed(errno.into()))
}
