//! Deletions. A layer is a difference, and what it takes away it says by names (OCI image spec, layer.md):
//! `.wh.NAME` deletes NAME of the layers below, `.wh..wh..opq` everything below its directory. The kernel's
//! overlay wants the same said in its own way: a character device 0:0, and an attribute on the directory.

use std::os::fd::AsFd;

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, XattrFlags, fsetxattr, fstatfs, makedev, mknodat, openat, statat, unlinkat,
};
use rustix::io::{Errno, Result};

use super::beneath::Place;

/// What a name means.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning<'a> {
    /// An entry like every other.
    Entry,
    /// This name is deleted.
    Deleted(&'a [u8]),
    /// The directory hides everything below it.
    Opaque,
    /// A note of AUFS to itself.
    Ignored,
}

/// Reads a name.
pub fn meaning(name: &[u8]) -> Meaning<'_> {
    match name.strip_prefix(b".wh.") {
        None => Meaning::Entry,
        Some(b".wh..opq") => Meaning::Opaque,
        Some(rest) if rest.starts_with(b".wh.") => Meaning::Ignored,
        Some(rest) => Meaning::Deleted(rest),
    }
}

// ANCHOR: whiteout
/// Deletes `place` of the layers below. The layer's own entry of that name stays, whichever came first: a
/// directory then only hides the one below it. Whether that took a file in its place.
pub fn delete(place: &Place, user_xattr: bool) -> Result<bool> {
    let made = match place.kind()? {
        None => {
            let kind = FileType::CharacterDevice;
            match mknodat(&place.parent, &place.name[..], kind, Mode::empty(), makedev(0, 0)) {
                Err(Errno::PERM) if is_overlay(&place.parent) => {
                    return mark(&place.parent, &place.name).map(|()| true);
                }
                result => result,
            }
        }
        Some(FileType::Directory) => {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
            hide_below(openat(&place.parent, &place.name[..], flags, Mode::empty())?, user_xattr)
        }
        Some(_) => Ok(()),
    };
    made.map(|()| false)
}

/// Makes a directory opaque. In a user namespace only `user.` attributes may be set, and overlay is then
/// mounted with `userxattr`.
pub fn hide_below(directory: impl AsFd, user_xattr: bool) -> Result<()> {
    let name = if user_xattr { c"user.overlay.opaque" } else { c"trusted.overlay.opaque" };
    match fsetxattr(&directory, name, b"y", XattrFlags::empty()) {
        Err(Errno::PERM | Errno::OPNOTSUPP) if is_overlay(&directory) => mark(directory, b".wh..opq"),
        result => result,
    }
}
// ANCHOR_END: whiteout

/// `f_type` of an overlay (statfs(2)).
const OVERLAY: i64 = 0x794c_7630;

/// A store on an overlay can have no whiteouts of its own. The kernel does not lay another overlay over it either; that is
/// for fuse-overlayfs to do, which understands the layer's names as well.
fn is_overlay(directory: impl AsFd) -> bool {
    fstatfs(directory).is_ok_and(|found| found.f_type == OVERLAY)
}

fn marked(name: &[u8]) -> Vec<u8> {
    [b".wh.", name].concat()
}

/// Leaves the layer's own word for it.
fn mark(directory: impl AsFd, name: &[u8]) -> Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(directory, marked(name), flags, Mode::empty()).map(drop)
}

/// Takes it back; whether it was there.
pub fn unmark(place: &Place) -> Result<bool> {
    match unlinkat(&place.parent, marked(&place.name), AtFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT | Errno::NAMETOOLONG) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether there is a whiteout at `place`.
pub fn is_whiteout(place: &Place) -> Result<bool> {
    match statat(&place.parent, &place.name[..], AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => {
            Ok(FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == makedev(0, 0))
        }
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error),
    }
}
