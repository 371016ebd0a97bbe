//! Paths from outside, resolved beneath a root: links of the image lead where they would inside the container,
//! never to the host.
//!
//! The kernel does it where it can (openat2(2), `RESOLVE_IN_ROOT`), so nobody can exchange a directory for a link
//! between the look and the use; the answer is a descriptor, and only descriptors are used from there on.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, mkdirat, openat, openat2, readlinkat};
use rustix::io::Errno;

/// As many links as the kernel follows in one path (path_resolution(7)).
const LINKS: usize = 40;
/// How often a path is looked at again when somebody renames or mounts something meanwhile, anywhere on the system.
const TRIES: u32 = 200;
/// After so many the others get the time to be done with it.
const AT_ONCE: u32 = 20;

/// A directory that nothing resolved here leads out of.
#[derive(Debug)]
pub struct Root(OwnedFd);

impl Root {
    /// The directory at `path`.
    ///
    /// # Errors
    /// When it is none.
    pub fn open(path: &Path) -> io::Result<Root> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Root(openat(CWD, path, flags, Mode::empty())?))
    }

    /// An open directory.
    #[must_use]
    pub fn from_fd(directory: OwnedFd) -> Root {
        Root(directory)
    }

    // ANCHOR: resolve
    /// Opens `path` as if this directory were `/`: absolute links and `..` stop here, and the links of procfs that
    /// lead anywhere are refused.
    fn get(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        for number in 0..TRIES {
            match openat2(&self.0, path, flags | OFlags::CLOEXEC, Mode::empty(), within) {
                // The kernel cannot tell any more whether `..` stayed inside.
                Err(Errno::AGAIN | Errno::INTR) if number < AT_ONCE => {}
                Err(Errno::AGAIN | Errno::INTR) => std::thread::sleep(Duration::from_millis(2)),
                result => return Ok(result?),
            }
        }
        Err(Errno::AGAIN.into())
    }
    // ANCHOR_END: resolve
}

/// What is at `path`, links followed; a descriptor for reference only (`O_PATH`).
///
/// # Errors
/// `ENOENT` and its kin.
pub fn resolve(root: &Root, path: &Path) -> io::Result<OwnedFd> {
    root.get(path, OFlags::PATH)
}

/// What is at `path`, a link itself if it is one.
///
/// # Errors
/// `ENOENT` and its kin.
pub fn resolve_nofollow(root: &Root, path: &Path) -> io::Result<OwnedFd> {
    root.get(path, OFlags::PATH | OFlags::NOFOLLOW)
}

/// An open directory.
///
/// # Errors
/// `ENOTDIR` when it is something else.
pub fn open_dir(root: &Root, path: &Path) -> io::Result<OwnedFd> {
    root.get(path, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// The content of the regular file `path`, at most `limit` bytes; `None` when there is no such file.
///
/// # Errors
/// When it is something else than a file, or larger.
pub fn read(root: &Root, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    // NONBLOCK, for a pipe in its place would wait for a writer.
    let mut file = match root.get(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY) {
        Ok(file) => File::from(file),
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
    match open_dir(root, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match make_last(root, path) {
            Some(made) => made,
            None => make_missing(root, &follow(root, path)),
        },
        result => result,
    }
}

/// The usual case, in few system calls: only the last part is missing. `None` when it is another one.
fn make_last(root: &Root, path: &Path) -> Option<io::Result<OwnedFd>> {
    let parent = open_dir(root, path.parent()?).ok()?;
    let name = path.file_name()?;
    // A link that leads to nothing is there, and so not made.
    mkdirat(&parent, name, Mode::from_raw_mode(0o755)).ok()?;
    Some(open_made(&parent, name))
}

fn open_made(parent: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(parent, name, flags, Mode::empty())?)
}

/// Part by part: what is there is resolved beneath the root, and below what we have made ourselves there are no links
/// to follow.
fn make_missing(root: &Root, path: &Path) -> io::Result<OwnedFd> {
    let mut there = PathBuf::from("/");
    let mut directory = open_dir(root, &there)?;
    let mut made = false;
    for part in normal(path).components() {
        let Component::Normal(name) = part else { continue };
        there.push(name);
        if !made {
            match open_dir(root, &there) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => made = true,
                found => {
                    directory = found?;
                    continue;
                }
            }
        }
        match mkdirat(&directory, name, Mode::from_raw_mode(0o755)) {
            // Somebody else was faster; if it is a link, the next call refuses it.
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        directory = open_made(&directory, name)?;
    }
    Ok(directory)
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
        let Ok(found) = resolve_nofollow(root, &path) else { break };
        let Ok(link) = readlinkat(&found, "", Vec::new()) else { break };
        let link = PathBuf::from(OsString::from_vec(link.into_bytes()));
        path = normal(&path.parent().unwrap_or(Path::new("/")).join(link));
    }
    path
}

/// Without `.` and `..`; above the root is the root.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::Normal(name) => normal.push(name),
            _ => {}
        }
    }
    normal
}
