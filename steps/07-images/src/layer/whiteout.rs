//! Deletions. A layer is a difference, and what it takes away it says by names (OCI image spec, layer.md):
//! `.wh.NAME` deletes NAME of the layers below, `.wh..wh..opq` everything below its directory. The kernel's
//! overlay wants the same said in its own way: a character device 0:0, and an attribute on the directory.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Mode, XattrFlags, fsetxattr, makedev, mknodat, statat};
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
/// directory then only hides the one below it.
pub fn delete(place: &Place, user_xattr: bool) -> Result<()> {
    match place.kind()? {
        None => mknodat(&place.parent, &place.name[..], FileType::CharacterDevice, Mode::empty(), makedev(0, 0)),
        Some(FileType::Directory) => {
            let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::NOFOLLOW;
            hide_below(rustix::fs::openat(&place.parent, &place.name[..], flags, Mode::empty())?, user_xattr)
        }
        Some(_) => Ok(()),
    }
}

/// Makes a directory opaque. In a user namespace only `user.` attributes may be set, and overlay is then
/// mounted with `userxattr`.
pub fn hide_below(directory: impl AsFd, user_xattr: bool) -> Result<()> {
    let name = if user_xattr { c"user.overlay.opaque" } else { c"trusted.overlay.opaque" };
    fsetxattr(directory, name, b"y", XattrFlags::empty())
}
// ANCHOR_END: whiteout

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
