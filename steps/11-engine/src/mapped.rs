//! An image's files for a container with ids of its own.
//!
//! The layers belong to the ids of the user's namespace; in a container that calls these ids by other numbers every file would
//! have a wrong owner. So there is a copy with the right ones, made once for each image and map. The kernel could show
//! one copy in many ways (mount_setattr(2), `MOUNT_ATTR_IDMAP`), but only to root of the whole machine.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use images::{Digest, Image};
use namespaces::usermap::outside;
use namespaces::{IdMap, itself};
use process::{Error, Result};
use rootfs::{Mounter, Overlay, Server, copy};
use rustix::fs::{FlockOperation, flock};
use rustix::mount::{UnmountFlags, unmount};

use crate::running::lock_dir;
use crate::state::make_dir;

/// Bytes of a map's word in a file's name, whose other half is an image's ID (255 in all, `NAME_MAX`).
const LONGEST: usize = 180;
/// A number for an id that the map does not have: what the kernel shows for it.
const NOBODY: u32 = 65534;

/// The one layer that stands for all of the image's, which are `lower`.
///
/// # Errors
/// When it cannot be made; nothing of it is left then.
// ANCHOR: layer
pub(crate) fn layer(
    root: &Path,
    lower: Vec<PathBuf>,
    (image, map): (&Image, &IdMap),
    mounter: &Mounter,
) -> Result<PathBuf> {
    let all = root.join("mapped");
    let ready = all.join(format!("{}.{}", image.id, name(map)));
    make_dir(&all)?;
    // While one makes a draft and locks it, nobody may look for drafts that are not locked. And who prunes behind this gate
    // sees our container, which was there before.
    let gate = lock_dir(&all)?;
    if ready.exists() {
        return Ok(ready);
    }
    clear(root);
    // Nobody has seen it before it has its name, and who is killed meanwhile leaves a draft that nobody has locked.
    let draft = all.join(format!("draft.{}", std::process::id()));
    let _ = fs::remove_dir_all(&draft);
    make_dir(&draft)?;
    let failed = |error: std::io::Error| Error::os(format!("copy the image's files to {}", draft.display()), error);
    let lock = File::open(&draft).map_err(failed)?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|errno| failed(errno.into()))?;
    drop(gate);
    let made = copy_to(&draft, lower, map, mounter).and_then(|files| {
        match fs::rename(&files, &ready) {
            // Somebody else has made it meanwhile.
            Err(_) if ready.exists() => Ok(()),
            result => result.map_err(failed),
        }
    });
    let _ = fs::remove_dir_all(&draft);
    made.map(|()| ready)
}
// ANCHOR_END: layer

/// Through the overlay, which knows what of the lower layers the higher ones hide.
fn copy_to(draft: &Path, lower: Vec<PathBuf>, map: &IdMap, mounter: &Mounter) -> Result<PathBuf> {
    let at = |name: &str| draft.join(name);
    for name in ["upper", "work", "merged", "files"] {
        make_dir(&at(name))?;
    }
    let target = at("merged");
    let userxattr = itself::caller() != 0;
    let server = mounter.mount(&Overlay {
        lower,
        upper: at("upper"),
        work: at("work"),
        target: target.clone(),
        userxattr,
        volatile: true,
        context: None,
    })?;
    let to =
        |map: &[namespaces::Extent], id: u32| outside(map, id).unwrap_or_else(|| outside(map, NOBODY).unwrap_or(0));
    let owner = |user: u32, group: u32| (to(&map.users, user), to(&map.groups, group));
    let copied = (|| {
        let (from, files) = (File::open(&target)?, File::open(at("files"))?);
        copy::content_of(from.as_fd(), files.as_fd(), &owner)?;
        copy::metadata_of(from.as_fd(), files.as_fd(), &owner)
    })();
    let unmounted = unmount(&target, UnmountFlags::DETACH);
    copied.map_err(|error| Error::os("copy the image's files for other ids", error))?;
    unmounted.map_err(|errno| Error::os(format!("unmount {}", target.display()), errno))?;
    server.into_iter().for_each(Server::finish);
    // Its work directory is closed to everybody but its owner, who opens it.
    for closed in ["work/work/incompat/volatile", "work/work/incompat", "work/work"] {
        let _ = fs::remove_file(at(closed).join("dirty"));
        let _ = fs::remove_dir(at(closed));
    }
    Ok(at("files"))
}

/// Removes drafts of the dead, and copies of images that are gone.
pub(crate) fn sweep(root: &Path) {
    if let Ok(_gate) = lock_dir(&root.join("mapped")) {
        clear(root);
    }
}

/// Removes the copies that nobody needs. Those that are needed, `needed` knows: IDs of images, and words for maps, or none for
/// any map.
///
/// # Errors
/// Those of `needed`.
// ANCHOR: prune
pub(crate) fn prune(root: &Path, needed: &dyn Fn() -> Result<Vec<(String, Option<String>)>>) -> Result<()> {
    let Ok(gate) = lock_dir(&root.join("mapped")) else { return Ok(()) };
    clear(root);
    let needed = needed()?;
    let needs = |image: &str, map: &str| {
        needed.iter().any(|(id, known)| id == image && known.as_ref().is_none_or(|known| known == map))
    };
    let mut gone = Vec::new();
    for entry in fs::read_dir(root.join("mapped")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.split_once('.').is_some_and(|(image, map)| image != "draft" && !needs(image, map)) {
            gone.extend(retired(&entry, gone.len()));
        }
    }
    // That takes its time, and nobody has to wait for it.
    drop(gate);
    gone.iter().for_each(|place| drop(fs::remove_dir_all(place)));
    Ok(())
}
// ANCHOR_END: prune

/// The same for who holds the lock.
fn clear(root: &Path) {
    for entry in fs::read_dir(root.join("mapped")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_left = match name.split_once('.') {
            Some(("draft", _)) => File::open(entry.path())
                .is_ok_and(|draft| flock(&draft, FlockOperation::NonBlockingLockExclusive).is_ok()),
            Some((image, _)) => !root.join("images").join(image).with_extension("json").exists(),
            None => false,
        };
        if is_left && let Some(gone) = retired(&entry, 0) {
            let _ = fs::remove_dir_all(gone);
        }
    }
}

/// Takes the name from a copy, so that nobody finds half of it: it is a draft of nobody's until it is gone.
fn retired(entry: &fs::DirEntry, number: usize) -> Option<PathBuf> {
    let gone = entry.path().with_file_name(format!("draft.{}-gone-{number}", std::process::id()));
    fs::rename(entry.path(), &gone).ok().map(|()| gone)
}

/// The map in a word: spelled out, or the digest of that where a file's name cannot be so long.
pub(crate) fn name(map: &IdMap) -> String {
    let words = |extents: &[namespaces::Extent]| {
        let word = |extent: &namespaces::Extent| format!("{}_{}_{}", extent.inside, extent.outside, extent.count);
        extents.iter().map(word).collect::<Vec<_>>().join("+")
    };
    let name = format!("{}-{}", words(&map.users), words(&map.groups));
    if name.len() <= LONGEST { name } else { Digest::of(name.as_bytes()).hex().to_string() }
}
