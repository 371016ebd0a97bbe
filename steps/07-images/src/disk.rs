//! The three habits of everything that is kept on disk: directories only their owner can enter, files that
//! appear whole or not at all, and locks that the kernel lets go when their holder dies.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use process::{Error, Result};
use rustix::fs::{FlockOperation, flock};

/// The lock that is held while work in progress begins.
const GATE: &str = "gate";

/// Makes `path` and its parents, each with mode 0700: image content has setuid files, and nobody but the owner
/// of the store may reach them from the host.
pub fn make_dir(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Error::os(format!("create {}", path.display()), error))
}

/// A name that no other process and no other call here uses now.
fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    format!("{}-{:x}-{:x}", std::process::id(), now, COUNT.fetch_add(1, Ordering::Relaxed))
}

/// An exclusive lock, held until dropped.
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Waits for the lock on `path`, a file that is there only while somebody holds it.
    // ANCHOR: lock
    pub fn take(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| Error::os(format!("lock {}", path.display()), error);
        loop {
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(false).mode(0o600).open(path).map_err(failed)?;
            flock(&file, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
            // Its last holder may have removed it while we waited; then others lock a new file of this name.
            let ours = file.metadata().map_err(failed)?;
            if fs::metadata(path).is_ok_and(|there| there.ino() == ours.ino()) {
                return Ok(Lock { path: path.to_path_buf(), _file: file });
            }
        }
    }
    // ANCHOR_END: lock
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A directory for work in progress. It is gone when this is dropped; after a crash the next one to ask for
/// such a directory removes it.
pub struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes a directory below `parent`.
    // ANCHOR: scratch
    pub fn new(parent: &Path) -> Result<Self> {
        make_dir(parent)?;
        // Held while we make and lock ours, so that nobody sweeps it in between.
        let _gate = Lock::take(&parent.join(GATE))?;
        sweep(parent);
        let path = parent.join(unique());
        make_dir(&path)?;
        let lock = File::open(&path).map_err(|error| Error::os(format!("open {}", path.display()), error))?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|error| Error::os("lock a temporary directory", error))?;
        Ok(Scratch { path, _lock: lock })
    }
    // ANCHOR_END: scratch

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `bytes` to a file in here and renames it to `path`: a reader sees the old file or the new one, and
    /// what a crash leaves is swept with the directory.
    pub fn publish(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let name = self.path.join(unique());
        let failed = |error| Error::os(format!("write {}", path.display()), error);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&name).map_err(failed)?;
        file.write_all(bytes).and_then(|()| fs::rename(&name, path)).map_err(failed)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes what is in `parent` and whose maker is dead: its lock went with it.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name() != GATE) {
        let Ok(left) = File::open(entry.path()) else { continue };
        if flock(&left, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => fs::remove_dir_all(entry.path()),
                false => fs::remove_file(entry.path()),
            };
        }
    }
}

/// Reads a file that may not exist, at most `limit` bytes.
pub fn read_if_exists(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    match process::file::read(path, usize::try_from(limit).unwrap_or(usize::MAX)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::os(format!("read {}", path.display()), error)),
    }
}
