//! The mark that a container runs: a file that its keeper has locked. The kernel takes the lock off a dead process, so
//! it never lies.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use process::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// A container that is ours as long as this lives.
#[derive(Debug)]
pub struct Running {
    path: PathBuf,
    left: bool,
    lock: File,
}

impl Running {
    /// Makes the mark `path`; `None` when somebody else has it, unless we are to wait for that one.
    pub(crate) fn mark(path: PathBuf, wait: bool) -> Result<Option<Running>> {
        let how = if wait { FlockOperation::LockExclusive } else { FlockOperation::NonBlockingLockExclusive };
        loop {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
            let lock = file.map_err(|error| Error::os(format!("create {}", path.display()), error))?;
            match flock(&lock, how) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(Error::os(format!("lock {}", path.display()), errno)),
            }
            // The last one to hold the lock may have removed the file just before we got it.
            if fs::metadata(&path).is_ok_and(|there| lock.metadata().is_ok_and(|ours| there.ino() == ours.ino())) {
                return Ok(Some(Running { path, left: false, lock }));
            }
        }
    }

    /// Writes into the mark whose it is.
    pub(crate) fn say(&self, id: &str) -> Result<()> {
        let failed = |error| Error::os(format!("write {}", self.path.display()), error);
        (&self.lock).write_all(id.as_bytes()).map_err(failed)
    }

    /// Whether somebody has the mark.
    pub(crate) fn is_held(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK))
    }

    /// Waits until nobody has the mark.
    pub(crate) fn wait(path: &Path) -> Result<()> {
        let Ok(file) = File::open(path) else { return Ok(()) };
        loop {
            match flock(&file, FlockOperation::LockShared) {
                Err(Errno::INTR) => {}
                result => return result.map_err(|errno| Error::os(format!("lock {}", path.display()), errno)),
            }
        }
    }

    /// The lock as a descriptor, for the process that keeps the container from now on: a lock belongs to the open file,
    /// which the two share, and lasts until the last of them closes it (flock(2)).
    // ANCHOR: hand
    pub(crate) fn hand_over(mut self) -> Result<OwnedFd> {
        let handed = self.lock.try_clone().map_err(|error| Error::os("duplicate the container's lock", error))?;
        self.left = true;
        Ok(handed.into())
    }

    /// The other side of [`Running::hand_over`].
    pub(crate) fn taken_over(path: PathBuf, lock: OwnedFd) -> Running {
        Running { path, left: false, lock: lock.into() }
    }
    // ANCHOR_END: hand

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

/// Locks a directory, for as long as the file is open.
pub(crate) fn lock_dir(path: &Path) -> Result<File> {
    let failed = |error: std::io::Error| Error::os(format!("lock {}", path.display()), error);
    let directory = File::open(path).map_err(failed)?;
    flock(&directory, FlockOperation::LockExclusive).map_err(|errno| failed(errno.into()))?;
    Ok(directory)
}
