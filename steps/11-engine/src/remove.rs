//! Removing a container's directory.

use std::fs;
use std::io::{ErrorKind, Result};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, unlinkat};

/// What is in the directory of a container that ended and wrote nothing, each before what it is in. The lowest are what a
/// volatile overlay leaves in its work directory (Documentation/filesystems/overlayfs.rst, "Volatile mount").
const FILES: [&str; 5] = ["work/work/incompat/volatile/dirty", "container.json", "life.json", "ctr.log", "attach"];
const DIRECTORIES: [&str; 5] = ["work/work/incompat/volatile", "work/work/incompat", "work/work", "work", "upper"];

/// Removes all of it; no error when there is nothing. What is usually there goes by its names, for to list seven
/// directories costs more than all else at the end of a short life.
// ANCHOR: tree
pub(crate) fn tree(directory: &Path) -> Result<()> {
    let open =
        openat(CWD, directory, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
    if let Ok(open) = &open {
        // None of these is a way out: the first part of each is a directory that only the engine makes.
        for name in FILES {
            let _ = unlinkat(open, name, AtFlags::empty());
        }
        for name in DIRECTORIES {
            let _ = unlinkat(open, name, AtFlags::REMOVEDIR);
        }
    }
    match fs::remove_dir(directory) {
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => fs::remove_dir_all(directory),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
// ANCHOR_END: tree
