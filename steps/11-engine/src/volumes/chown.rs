//! Option `U`: all of a volume becomes the container's user's.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use process::{Error, Result, code};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, Uid, chownat, fchown, openat, statat};

/// Deeper than anybody's directories, and not so deep that descriptors run out.
const DEPTH: usize = 400;

/// Gives `path` and all below it to a user and a group, links themselves and not what they lead to.
///
/// # Errors
/// When it is a directory that is the system's, or what the kernel says.
pub fn chown(path: &Path, (user, group): (u32, u32)) -> Result<()> {
    let failed = |error| Error::os(format!("chown {}", path.display()), error);
    let whole = path.canonicalize().map_err(failed)?;
    // Podman's list: a slip of the finger must not give away the system.
    let system = [
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/home",
        "/lib",
        "/lib64",
        "/media",
        "/opt",
        "/proc",
        "/root",
        "/run",
        "/sbin",
        "/srv",
        "/sys",
        "/tmp",
        "/usr",
        "/var",
        "/usr/lib",
        "/usr/lib64",
        "/var/lib",
        "/",
    ];
    if system.iter().any(|known| whole == Path::new(known)) {
        return Err(Error::new(format!("changing ownership of {:?} is not allowed", whole.display().to_string()))
            .code(code::SYSTEM_DIRECTORY));
    }
    let ids = (Uid::from_raw(user), Gid::from_raw(group));
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let top = openat(CWD, &whole, flags, Mode::empty()).map_err(|errno| failed(errno.into()))?;
    if whole.is_dir() {
        below(top.as_fd(), ids, 0).map_err(failed)?;
    }
    fchown(&top, Some(ids.0), Some(ids.1)).map_err(|errno| failed(errno.into()))
}

fn below(directory: BorrowedFd<'_>, ids: (Uid, Gid), depth: usize) -> io::Result<()> {
    if depth > DEPTH {
        let words = format!("directories are nested more than {DEPTH} deep");
        return Err(io::Error::other(Error::new(words).code(code::TOO_LARGE)));
    }
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        if statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode & 0o170_000 == FileType::Directory.as_raw_mode()
        {
            below(open(directory, name)?.as_fd(), ids, depth + 1)?;
        }
        chownat(directory, name, Some(ids.0), Some(ids.1), AtFlags::SYMLINK_NOFOLLOW)?;
    }
    Ok(())
}

fn open(directory: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(directory, name, flags, Mode::empty())?)
}
