//! Mounts that are made by whoever watches the container, for it has to show something else than a directory as it is: a
//! directory or an image below what the container writes, a part of a volume.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use confinement::label::Label;
use namespaces::itself;
use process::{Error, Result, code};
use rootfs::beneath::{self, Root};
use rootfs::{Overlay, copy};
use rustix::fs::CWD;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

use crate::root;
use crate::state::make_dir;

/// The kernel moves files from one to the other; what is wrong with them it does not say.
fn apart(upper: &Path, work: &Path) -> Result<()> {
    let tried = || format!("write above a volume to {} with {}", upper.display(), work.display());
    let found = |path: &Path| {
        let path = path.canonicalize()?;
        let device = path.metadata()?.dev();
        Ok((path, device))
    };
    let failed = |error: std::io::Error| Error::os(tried(), error);
    let ((upper, here), (work, there)) = (found(upper).map_err(failed)?, found(work).map_err(failed)?);
    match (here == there, upper.starts_with(&work) || work.starts_with(&upper)) {
        (true, false) => Ok(()),
        (false, _) => Err(Error::because(tried(), "the two are on different file systems").code(code::BAD_VOLUME)),
        (_, true) => Err(Error::because(tried(), "one of the two is in the other").code(code::BAD_VOLUME)),
    }
}

/// Where they are made.
pub(crate) struct Layered<'a> {
    /// The container's root, which keeps what they need.
    pub root: &'a root::Root,
    /// The container's own, which takes what is written.
    pub container: &'a Path,
    /// What SELinux calls its files.
    pub label: Option<&'a Label>,
}

/// What the containers write goes here; gone with each end of the container.
pub(crate) fn written(container: &Path) -> PathBuf {
    container.join("overlays")
}

impl Layered<'_> {
    /// `lower` with a layer on top that lasts as long as the container runs, or that the user keeps where `options` say.
    /// `number` is another one for each.
    // ANCHOR: overlay
    pub fn overlay(&self, number: usize, lower: Vec<PathBuf>, options: &[String]) -> Result<PathBuf> {
        let target = self.place(number)?;
        let (upper, work, volatile) = match rootfs::volume::upper(options) {
            Some([upper, work]) => {
                apart(upper, work)?;
                (upper.to_path_buf(), work.to_path_buf(), false)
            }
            None => {
                let (upper, work) = self.layer(number, &lower[0])?;
                (upper, work, true)
            }
        };
        let context = self.label.map(|label| label.mount.clone());
        let userxattr = itself::caller() != 0;
        self.root.overlay(&Overlay { lower, upper, work, target: target.clone(), userxattr, volatile, context })?;
        Ok(target)
    }

    /// A layer of the container's own, for what is written above `below`.
    fn layer(&self, number: usize, below: &Path) -> Result<(PathBuf, PathBuf)> {
        let mine = written(self.container).join(number.to_string());
        let _ = fs::remove_dir_all(&mine);
        make_dir(&written(self.container))?;
        make_dir(&mine)?;
        let (upper, work) = (mine.join("upper"), mine.join("work"));
        make_dir(&upper)?;
        make_dir(&work)?;
        // The directory on top is what is seen, so it has to be as the one below.
        let failed = |error| Error::os(format!("make a layer above {}", below.display()), error);
        let (from, to) = (File::open(below).map_err(failed)?, File::open(&upper).map_err(failed)?);
        copy::metadata(from.as_fd(), to.as_fd()).map_err(failed)?;
        Ok((upper, work))
    }
    // ANCHOR_END: overlay

    /// What is at `path` in `directory`, whose content is a container's: no link leads out of it, now or later.
    // ANCHOR: part
    pub fn part(&self, number: usize, directory: &Path, path: &Path) -> Result<PathBuf> {
        let tried = || format!("mount {} of {}", path.display(), directory.display());
        let root = Root::open(directory).map_err(|error| Error::os(tried(), error))?;
        let found = beneath::resolve(&root, path).map_err(|error| Error::os(tried(), error))?;
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
        let mount = open_tree(&found, "", flags).map_err(|errno| Error::os(tried(), errno))?;
        let target = self.place(number)?;
        let is_directory = fs::metadata(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&found)))
            .is_ok_and(|found| found.is_dir());
        let target = if is_directory { target } else { target.join("file") };
        if !is_directory {
            crate::state::write(&target, b"")?;
        }
        move_mount(&mount, "", CWD, &target, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
            .map_err(|errno| Error::os(tried(), errno))?;
        Ok(target)
    }
    // ANCHOR_END: part

    fn place(&self, number: usize) -> Result<PathBuf> {
        let all = self.root.memory().join("layered");
        if !all.exists() {
            make_dir(&all)?;
        }
        let place = all.join(number.to_string());
        make_dir(&place)?;
        Ok(place)
    }
}
