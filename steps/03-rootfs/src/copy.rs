//! A directory's content, copied: what an image has in a place that something empty is mounted on.
//!
//! Both ends are descriptors, and every name below is opened without following links: what the content's owner
//! exchanges meanwhile leads nowhere.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use process::{Error, code};
use rustix::fs::{
    AtFlags, Dir, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid, XattrFlags, chownat, fchmod, fchown,
    fgetxattr, flistxattr, fsetxattr, fstat, futimens, mkdirat, mknodat, openat, readlinkat, statat, symlinkat,
    utimensat,
};
use rustix::io::Errno;

/// Deeper than anybody's directories, and not so deep that descriptors run out.
const DEPTH: usize = 200;

/// Copies what is in the directory `from` into the directory `to`, with owners, modes, times and attributes. Devices
/// that may not be made here are left out, as are sockets.
///
/// # Errors
/// What the kernel says; part of it is copied then.
pub fn content(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
    content_of(from, to, &|user, group| (user, group))
}

/// The same, for other owners than those of `from`: `owner` says whose it is there.
///
/// # Errors
/// As [`content`].
pub fn content_of(from: BorrowedFd<'_>, to: BorrowedFd<'_>, owner: Owner<'_>) -> io::Result<()> {
    descend(from, to, owner, 0)
}

/// A user and a group for a user and a group.
pub type Owner<'a> = &'a dyn Fn(u32, u32) -> (u32, u32);

/// Gives the directory `to` the owner, mode and times of `from`.
///
/// # Errors
/// What the kernel says.
pub fn metadata(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
    metadata_of(from, to, &|user, group| (user, group))
}

/// The same, for another owner.
///
/// # Errors
/// What the kernel says.
pub fn metadata_of(from: BorrowedFd<'_>, to: BorrowedFd<'_>, owner: Owner<'_>) -> io::Result<()> {
    let (from, to) = (reopen(from)?, reopen(to)?);
    finish(&from, &to, &fstat(&from)?, owner)
}

/// Whether the directory has nothing in it.
///
/// # Errors
/// When it cannot be read.
pub fn is_empty(directory: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(names(&reopen(directory)?)?.is_empty())
}

/// A directory that was opened for reference only, to be read.
fn reopen(directory: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Ok(openat(directory, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn descend(from: BorrowedFd<'_>, to: BorrowedFd<'_>, owner: Owner<'_>, depth: usize) -> io::Result<()> {
    if depth > DEPTH {
        let words = format!("directories are nested more than {DEPTH} deep");
        return Err(io::Error::other(Error::new(words).code(code::TOO_LARGE)));
    }
    let from = reopen(from)?;
    for name in names(&from)? {
        entry(&from, to, &name, owner, depth).map_err(|error| {
            let known = error.kind();
            io::Error::new(known, format!("{}: {error}", name.to_string_lossy()))
        })?;
    }
    Ok(())
}

fn names(directory: &OwnedFd) -> io::Result<Vec<std::ffi::CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_owned();
        if ![c".", c".."].contains(&name.as_c_str()) {
            names.push(name);
        }
    }
    Ok(names)
}

fn entry(from: &OwnedFd, to: BorrowedFd<'_>, name: &CStr, owner: Owner<'_>, depth: usize) -> io::Result<()> {
    let found = statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match FileType::from_raw_mode(found.st_mode) {
        FileType::Directory => {
            let source = openat(from, name, flags | OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
            mkdirat(to, name, Mode::from_raw_mode(0o700))?;
            let made = openat(to, name, flags | OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
            descend(source.as_fd(), made.as_fd(), owner, depth + 1)?;
            finish(&source, &made, &found, owner)
        }
        FileType::RegularFile => {
            // NONBLOCK, for what is a pipe by now would wait for a writer.
            let source = openat(from, name, flags | OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())?;
            if FileType::from_raw_mode(fstat(&source)?.st_mode) != FileType::RegularFile {
                return Err(ErrorKind::InvalidInput.into());
            }
            let new = flags | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
            let made = openat(to, name, new, Mode::from_raw_mode(0o600))?;
            // Shares blocks where the file system can.
            io::copy(&mut File::from(source.try_clone()?), &mut File::from(made.try_clone()?))?;
            finish(&source, &made, &found, owner)
        }
        FileType::Symlink => {
            symlinkat(readlinkat(from, name, Vec::new())?, to, name)?;
            finish_name(to, name, &found, owner)
        }
        kind @ (FileType::Fifo | FileType::CharacterDevice | FileType::BlockDevice) => {
            match mknodat(to, name, kind, Mode::from_raw_mode(found.st_mode & 0o7777), found.st_rdev) {
                Err(Errno::PERM) => Ok(()),
                made => made.map_err(io::Error::from).and_then(|()| finish_name(to, name, &found, owner)),
            }
        }
        _ => Ok(()),
    }
}

fn owners(found: &Stat, owner: Owner<'_>) -> (Option<Uid>, Option<Gid>) {
    let (user, group) = owner(found.st_uid, found.st_gid);
    (Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))
}

fn times(found: &Stat) -> Timestamps {
    let time = |seconds, nanoseconds: u64| Timespec { tv_sec: seconds, tv_nsec: nanoseconds.cast_signed() };
    Timestamps {
        last_access: time(found.st_atime, found.st_atime_nsec),
        last_modification: time(found.st_mtime, found.st_mtime_nsec),
    }
}

fn finish(from: &OwnedFd, to: &OwnedFd, found: &Stat, owner: Owner<'_>) -> io::Result<()> {
    let (user, group) = owners(found, owner);
    // In this order: a change of owner takes setuid bits and capabilities away.
    fchown(to, user, group)?;
    fchmod(to, Mode::from_raw_mode(found.st_mode & 0o7777))?;
    attributes(from, to)?;
    Ok(futimens(to, &times(found))?)
}

fn finish_name(to: BorrowedFd<'_>, name: &CStr, found: &Stat, owner: Owner<'_>) -> io::Result<()> {
    let (user, group) = owners(found, owner);
    chownat(to, name, user, group, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(utimensat(to, name, &times(found), AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Attributes of overlays, the kernel's and fuse-overlayfs's, and of SELinux: they belong to the place and not to the file.
const OF_THE_PLACE: [&[u8]; 7] = [
    b"user.overlay.",
    b"user.fuseoverlayfs.",
    b"user.containers.",
    b"trusted.",
    b"security.fuseoverlayfs.",
    b"security.selinux",
    b"system.",
];

/// Extended attributes, but for those of the place.
fn attributes(from: &OwnedFd, to: &OwnedFd) -> io::Result<()> {
    let mut list = vec![0; 65536];
    let length = match flistxattr(from, &mut list[..]) {
        Err(Errno::NOTSUP) => return Ok(()),
        length => length?,
    };
    for name in list[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if OF_THE_PLACE.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let mut value = vec![0; 65536];
        let length = fgetxattr(from, name, &mut value[..])?;
        match fsetxattr(to, name, &value[..length], XattrFlags::empty()) {
            Ok(()) | Err(Errno::NOTSUP | Errno::PERM) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
