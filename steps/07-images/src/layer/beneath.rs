//! Paths that cannot leave a directory.
//!
//! A layer is written by a stranger, and may put a symbolic link where it later writes a file. Checking the
//! path as text first does not help: the kernel follows what is on the disk *now*. So the kernel is told the
//! root with every lookup (openat2, RESOLVE_IN_ROOT), and the last component is never followed at all.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, fchmod, mkdirat, openat, openat2, statat, unlinkat,
};
use rustix::io::{Errno, Result};

/// A directory, opened, that stands for `/` of everything resolved by it.
pub struct Root {
    directory: OwnedFd,
}

/// Where an entry goes: its parent, opened, and its name there.
pub struct Place {
    /// The parent directory.
    pub parent: OwnedFd,
    /// The last component; never empty, `.` or `..`.
    pub name: Vec<u8>,
}

impl Root {
    /// Takes an opened directory as the root.
    pub fn new(directory: OwnedFd) -> Self {
        Root { directory }
    }

    /// The root directory itself.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    // ANCHOR: beneath
    /// Opens the directory `path`. Links on the way are followed as a process with this root would follow them:
    /// `/etc` is the root's `etc`, and `..` stops at the root.
    pub fn directory(&self, path: &[u8]) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let path = if path.is_empty() { b"." } else { path };
        loop {
            let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
            match openat2(&self.directory, path, flags, Mode::empty(), resolve) {
                // Something was renamed meanwhile, so the kernel could not be sure.
                Err(Errno::AGAIN | Errno::INTR) => {}
                result => return result,
            }
        }
    }

    /// Opens the directory `path` and makes what is missing of it. Each one is made by its name in the parent
    /// that was opened before, so none appears behind a link.
    pub fn make_directory(&self, path: &[u8]) -> Result<OwnedFd> {
        match self.directory(path) {
            Err(Errno::NOENT) => {}
            result => return result,
        }
        let (parent, name) = split(path);
        let parent = self.make_directory(parent)?;
        mkdirat(&parent, name, Mode::empty())?;
        let made = openat(&parent, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
        fchmod(&made, Mode::from_raw_mode(0o755))?;
        Ok(made)
    }
    // ANCHOR_END: beneath

    /// Where `path` is to be made; its parents are made as well. None is the root itself.
    pub fn place(&self, path: &[u8]) -> Result<Option<Place>> {
        let (parent, name) = split(path);
        if name.is_empty() {
            return Ok(None);
        }
        Ok(Some(Place { parent: self.make_directory(parent)?, name: name.to_vec() }))
    }

    /// Where `path` is; none is the root itself.
    pub fn existing(&self, path: &[u8]) -> Result<Option<Place>> {
        let (parent, name) = split(path);
        if name.is_empty() {
            return Ok(None);
        }
        Ok(Some(Place { parent: self.directory(parent)?, name: name.to_vec() }))
    }
}

impl Place {
    /// What is there, not followed.
    pub fn kind(&self) -> Result<Option<FileType>> {
        match statat(&self.parent, &self.name[..], AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes what is there, whatever it is.
    pub fn clear(&self) -> Result<()> {
        remove(self.parent.as_fd(), &self.name)
    }
}

fn remove(parent: BorrowedFd<'_>, name: &[u8]) -> Result<()> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Err(Errno::ISDIR) => {}
        Err(Errno::NOENT) => return Ok(()),
        result => return result,
    }
    let directory = openat(parent, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            remove(directory.as_fd(), name)?;
        }
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR)
}

/// A relative path of plain components (`a/b/c`) as parent and name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// `path` as plain components: without `.`, doubled and leading slashes. None when it has a `..`: no program
/// that makes layers writes one, so it is an attack or an accident.
pub fn plain(path: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(path.len());
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return None,
            part => {
                if !plain.is_empty() {
                    plain.push(b'/');
                }
                plain.extend_from_slice(part);
            }
        }
    }
    Some(plain)
}
