//! Paths from outside, resolved beneath a root: links of the image lead where they would inside the container,
//! never to the host.
//!
//! The kernel does it where it can (openat2(2), `RESOLVE_IN_ROOT`), so nobody can exchange a directory for a link
//! between the look and the use; the answer is a descriptor, and only descriptors are used from there on.

use std::fs::Permissions;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pathrs::Root;
use pathrs::error::ErrorKind;
use pathrs::flags::OpenFlags;
use rustix::fs::{Mode, OFlags, openat};

/// As many links as the kernel follows in one path (path_resolution(7)).
const LINKS: usize = 40;

/// What is at `path`, links followed; a descriptor for reference only (`O_PATH`).
///
/// # Errors
/// `ENOENT` and its kin.
pub fn resolve(root: &Root, path: &Path) -> io::Result<OwnedFd> {
    root.resolve(path).map(OwnedFd::from).map_err(os)
}

/// What is at `path`, a link itself if it is one.
///
/// # Errors
/// `ENOENT` and its kin.
pub fn resolve_nofollow(root: &Root, path: &Path) -> io::Result<OwnedFd> {
    root.resolve_nofollow(path).map(OwnedFd::from).map_err(os)
}

/// An open directory.
///
/// # Errors
/// `ENOTDIR` when it is something else.
pub fn open_dir(root: &Root, path: &Path) -> io::Result<OwnedFd> {
    let flags = OpenFlags::O_DIRECTORY | OpenFlags::O_CLOEXEC;
    root.open_subpath(path, flags).map(OwnedFd::from).map_err(os)
}

/// The content of the regular file `path`, at most `limit` bytes; `None` when there is no such file.
///
/// # Errors
/// When it is something else than a file, or larger.
pub fn read(root: &Root, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    // NONBLOCK, for a pipe in its place would wait for a writer.
    let flags = OpenFlags::O_RDONLY | OpenFlags::O_NONBLOCK | OpenFlags::O_NOCTTY | OpenFlags::O_CLOEXEC;
    let mut file = match root.open_subpath(path, flags).map_err(os) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    if !found.is_file() || found.len() > limit {
        return Err(io::Error::other("not a regular file of sensible size"));
    }
    let mut bytes = Vec::new();
    (&mut file).take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

// ANCHOR: beneath
/// The directory `path`, made with its parents (mode 0755) where missing; also where a link points that leads
/// to nothing yet.
///
/// # Errors
/// `ENOTDIR` when something else is in the way.
pub fn mkdir_all(root: &Root, path: &Path) -> io::Result<OwnedFd> {
    let made = |path: &Path| root.mkdir_all(path, &Permissions::from_mode(0o755)).map(OwnedFd::from);
    made(path).or_else(|error| made(&follow(root, path)).map_err(|_| os(error)))
}

/// The file `path`, made empty (mode 0644) with its parents where missing. An existing one is left as it is, and
/// is not opened: it may be a device or a pipe.
///
/// # Errors
/// `ENOTDIR` when a parent is something else.
pub fn create_file(root: &Root, path: &Path) -> io::Result<OwnedFd> {
    let path = follow(root, path);
    if let Ok(found) = resolve(root, &path) {
        return Ok(found);
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::IsADirectory.into());
    };
    let parent = mkdir_all(root, parent)?;
    // EXCL: whatever appears there in the meantime, a link above all, is an error and is not followed.
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    Ok(openat(parent.as_fd(), name, flags, Mode::from_raw_mode(0o644))?)
}
// ANCHOR_END: beneath

/// Where the links at the end of `path` lead. Only a guess at a name, by text: what is then done with it is resolved
/// beneath the root again.
fn follow(root: &Root, path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        let Ok(link) = root.readlink(&path) else { break };
        path = normal(&path.parent().unwrap_or(Path::new("/")).join(link));
    }
    path
}

/// Without `.` and `..`; above the root is the root.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::from("/");
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(normal.pop()),
            std::path::Component::Normal(name) => normal.push(name),
            _ => {}
        }
    }
    normal
}

fn os(error: pathrs::error::Error) -> io::Error {
    match error.kind() {
        ErrorKind::OsError(Some(code)) => io::Error::from_raw_os_error(code),
        _ => io::Error::other(error),
    }
}
