//! Owner, mode, attributes and time of what was just made.
//!
//! Everything is set through an open file or by a name that is not followed: a mode that lands behind a link
//! changes a file of the host (CVE-2021-32760).

use std::os::fd::AsFd;

use rustix::fs::{
    AtFlags, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags, chmodat, chownat, fchmod, fchown, fsetxattr, futimens,
    utimensat,
};
use rustix::io::{Errno, Result};

use super::beneath::Place;
use crate::tape::Entry;

// ANCHOR: meta
/// Of an open file or directory. The order matters: a change of owner clears setuid bits and capabilities, a
/// change of anything sets the time.
pub fn of_open(file: impl AsFd, entry: &Entry) -> Result<()> {
    let (uid, gid) = owner(entry)?;
    fchown(&file, uid, gid)?;
    fchmod(&file, Mode::from_raw_mode(entry.mode))?;
    for (name, value) in entry.xattrs.iter().filter(|(name, _)| is_wanted(name)) {
        match fsetxattr(&file, &name[..], value, XattrFlags::empty()) {
            // The file system has none, or the attribute is not for this user namespace to set.
            Err(Errno::OPNOTSUPP | Errno::PERM) => {}
            result => result?,
        }
    }
    futimens(&file, &times(entry))
}
// ANCHOR_END: meta

/// Of a symbolic link, a pipe or a device that was made at `place` a moment ago, in a directory that nobody
/// else can reach.
pub fn of_name(place: &Place, entry: &Entry, is_link: bool) -> Result<()> {
    let (uid, gid) = owner(entry)?;
    let name = &place.name[..];
    chownat(&place.parent, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?;
    if !is_link {
        chmodat(&place.parent, name, Mode::from_raw_mode(entry.mode), AtFlags::empty())?;
    }
    utimensat(&place.parent, name, &times(entry), AtFlags::SYMLINK_NOFOLLOW)
}

/// The owner; an ID that the kernel has no number for is as little mapped as one outside the namespace, and
/// the highest one would mean "leave it".
fn owner(entry: &Entry) -> Result<(Option<Uid>, Option<Gid>)> {
    let id = |number: u64| u32::try_from(number).ok().filter(|id| *id != u32::MAX).ok_or(Errno::INVAL);
    Ok((Some(Uid::from_raw(id(entry.uid)?)), Some(Gid::from_raw(id(entry.gid)?))))
}

/// The language of overlays themselves, the kernel's and fuse-overlayfs's: a layer that speaks it could show files of another
/// place, or with other owners and rights than were looked at here.
const OVERLAYS: [&[u8]; 3] = [b"user.overlay.", b"user.fuseoverlayfs.", b"user.containers."];

/// Attributes that a layer may bring: capabilities of programs, and users' own.
fn is_wanted(name: &[u8]) -> bool {
    let is_overlays = OVERLAYS.iter().any(|prefix| name.starts_with(prefix));
    name == b"security.capability" || (name.starts_with(b"user.") && !is_overlays)
}

fn times(entry: &Entry) -> Timestamps {
    let time = Timespec { tv_sec: entry.mtime.0, tv_nsec: entry.mtime.1 };
    Timestamps { last_access: time, last_modification: time }
}
