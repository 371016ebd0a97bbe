//! The `/dev/shm` of another container.

use std::os::fd::OwnedFd;
use std::path::Path;

use nix::sched::{CloneFlags, setns, unshare};
use process::{Error, Result, code};
use rustix::fs::CWD;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

/// A mount of it that is nowhere yet; nothing when that container has none. A mount is copied only within its own mount
/// namespace, so a thread goes there and does not come back.
// ANCHOR: of
pub(crate) fn of(process: &OwnedFd) -> Result<Option<OwnedFd>> {
    let copy = || {
        // Threads share their root and current directory, and whoever shares them may not go elsewhere.
        unshare(CloneFlags::CLONE_FS)?;
        setns(process, CloneFlags::CLONE_NEWNS)?;
        Ok(open_tree(CWD, "/dev/shm", OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC).ok())
    };
    let copied = std::thread::scope(|scope| scope.spawn(copy).join());
    match copied {
        Ok(copied) => copied.map_err(|errno: nix::errno::Errno| Error::os("look into the other container", errno)),
        Err(_) => Err(Error::new("look into the other container: the thread has panicked").code(code::INTERNAL)),
    }
}
// ANCHOR_END: of

/// Attaches it to a directory.
pub(crate) fn attach(mount: &OwnedFd, place: &Path) -> Result<()> {
    move_mount(mount, "", CWD, place, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        .map_err(|errno| Error::os(format!("mount the other container's /dev/shm on {}", place.display()), errno))
}
