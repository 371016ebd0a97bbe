//! The container's file system, from inside: the wall of this step.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use process::{Error, Result, Setup, code};
use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, fstatfs, openat};
use rustix::io::Errno;

use crate::beneath::{self, Root};
use crate::kernel::{self, Attributes, PROC};
use crate::mount::Origin;
use crate::{Device, Mount, default_devices, default_mounts, dev, table};

/// A root file system and what is mounted in it. As a [`Setup`] it makes `root` the only file system there is;
/// the child has to be in a mount namespace of its own already.
#[derive(Debug, Clone)]
pub struct Rootfs {
    /// A directory of the host.
    pub root: PathBuf,
    /// In this order: a directory before what is in it ([`crate::arrange`]).
    pub mounts: Vec<Mount>,
    /// Devices of the host, bound after the mounts (unless the user's own directory is on `/dev`).
    pub devices: Vec<Device>,
    /// Nothing in `root` itself can be changed; what is mounted in it keeps its own rule.
    pub readonly: bool,
}

impl Rootfs {
    /// With the mounts and devices of every container.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, host_network: bool) -> Rootfs {
        Rootfs { root: root.into(), mounts: default_mounts(host_network), devices: default_devices(), readonly: false }
    }

    fn failed(&self, what: &str, errno: Errno) -> Error {
        Error::os(format!("{what} {}", self.root.display()), errno)
    }

    /// Prepares what is to have other owners than on the disk, for a child that may be nobody there.
    ///
    /// # Errors
    /// What is not there, and what cannot have others.
    pub fn mapped(&self) -> Result<Mapped> {
        self.mounts.iter().map(Mount::mapped).collect::<Result<_>>().map(Mapped)
    }

    /// Opens all that is on the host, for who may still go there and later may not: root of a container whose ids are all
    /// others than the caller's.
    ///
    /// # Errors
    /// What is not there.
    // ANCHOR: open
    pub fn open(&self) -> Result<Opened> {
        // First, or the host would see every mount that follows. Slave and not private: what the host unmounts
        // meanwhile goes here too, so that we never keep its disks busy.
        kernel::enslave("/").map_err(|errno| Error::os("make / a slave of the host's mounts", errno))?;
        self.open_here()
    }
    // ANCHOR_END: open

    /// The same, for a root that is to be mounted where the caller's own mounts are, and seen there.
    ///
    /// # Errors
    /// What is not there.
    pub fn open_here(&self) -> Result<Opened> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let place = openat(CWD, &self.root, flags, Mode::empty()).map_err(|errno| self.failed("open", errno))?;
        let root = kernel::copy_tree(&self.root, true).map_err(|errno| self.failed("bind", errno))?;
        let sources = self.mounts.iter().map(Mount::open).collect::<Result<_>>()?;
        Ok(Opened { place, root, sources })
    }

    /// Binds the root on itself, for pivot_root(2) moves mounts and not directories. What follows is the new mount
    /// and not a path: nothing that happens to the path later matters.
    fn bind(&self, root: &OwnedFd, place: &OwnedFd) -> Result<()> {
        let private = Attributes { propagation: libc::MS_PRIVATE, ..Attributes::default() };
        kernel::set_attributes(root.as_fd(), private, true).map_err(|errno| self.failed("make private", errno))?;
        kernel::attach(root.as_fd(), place.as_fd()).map_err(|errno| self.failed("bind", errno))
    }

    /// A directory of the user's on /dev is the user's: nothing is made in it.
    fn owns_dev(&self) -> bool {
        !self.mounts.iter().any(|mount| mount.destination == Path::new("/dev") && mount.is_bind())
    }

    /// What is at /proc must be the kernel's when a procfs was asked for, whatever was mounted after it.
    fn check_proc(&self, root: &Root) -> Result<()> {
        if self.mounts.iter().all(|mount| mount.destination != Path::new("/proc")) {
            return Ok(());
        }
        let wrong = || Error::new("/proc in the container is not a procfs").code(code::FORGED);
        let found = beneath::resolve_nofollow(root, Path::new("/proc")).map_err(|_| wrong())?;
        let is_directory = fstat(&found).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
        let is_proc = fstatfs(&found).is_ok_and(|stat| stat.f_type == PROC);
        if is_directory && is_proc { Ok(()) } else { Err(wrong()) }
    }
}

/// What of the host a root file system needs, as descriptors.
#[derive(Debug)]
pub struct Opened {
    place: OwnedFd,
    root: OwnedFd,
    /// For each mount.
    sources: Vec<Option<Origin>>,
}

/// For each mount of a root file system a copy of its source with the owners that it is to have, where it has others.
#[derive(Debug, Default)]
pub struct Mapped(Vec<Option<OwnedFd>>);

impl Opened {
    /// With what somebody who has the right to do so has prepared.
    ///
    /// # Errors
    /// When a descriptor cannot be duplicated.
    pub fn with(mut self, mapped: &Mapped) -> Result<Opened> {
        for (source, copy) in self.sources.iter_mut().zip(&mapped.0) {
            if let Some(copy) = copy {
                let copy = copy.try_clone().map_err(|error| Error::os("duplicate a descriptor", error))?;
                *source = Some(Origin::Copy(copy));
            }
        }
        Ok(self)
    }
}

// ANCHOR: setup
impl Setup for Rootfs {
    fn setup(&self) -> Result<()> {
        self.enter(self.open()?)
    }
}

impl Rootfs {
    /// Makes it the only file system that there is.
    ///
    /// # Errors
    /// What cannot be mounted.
    pub fn enter(&self, opened: Opened) -> Result<()> {
        let mount = self.mount(opened)?;
        self.pivot(&mount)
    }

    /// The first half: mounts everything, and returns the root, which is not `/` yet.
    ///
    /// # Errors
    /// What cannot be mounted.
    pub fn mount(&self, opened: Opened) -> Result<OwnedFd> {
        let Opened { place, root: mount, sources } = opened;
        self.bind(&mount, &place)?;
        let clone = mount.try_clone().map_err(|error| Error::os("duplicate a descriptor", error))?;
        let root = Root::from_fd(clone);
        // The mounts come before the pivot, for then all that they are made of is out of reach; the devices come after
        // /dev, the links into /proc need no /proc yet.
        for (mount, source) in self.mounts.iter().zip(sources) {
            mount.attach(&root, source)?;
        }
        if self.owns_dev() {
            self.devices.iter().try_for_each(|device| device.attach(&root))?;
            dev::links(&root)?;
        }
        self.check_proc(&root)?;
        Ok(mount)
    }

    /// The second half: the root becomes `/`.
    ///
    /// # Errors
    /// The kernel's.
    pub fn pivot(&self, mount: &OwnedFd) -> Result<()> {
        self.finish(mount)?;
        kernel::pivot_root(mount.as_fd()).map_err(|errno| self.failed("make the root", errno))
    }

    /// The same where the system's root is a ramdisk, which no pivot_root(2) can move: the root covers it, and all else that
    /// is mounted stays below, out of reach of any path.
    ///
    /// # Errors
    /// The kernel's.
    pub fn cover(&self, mount: &OwnedFd) -> Result<()> {
        self.finish(mount)?;
        self.hide_kernels(mount)?;
        kernel::cover_root(mount.as_fd()).map_err(|errno| self.failed("make the root", errno))
    }

    /// The same without a mount namespace of its own: the root is `/` for the calling process alone, by chroot(2), which
    /// who has the right to call that can leave again.
    ///
    /// # Errors
    /// The kernel's.
    pub fn stay(&self, mount: &OwnedFd) -> Result<()> {
        self.finish(mount)?;
        kernel::change_root(mount.as_fd()).map_err(|errno| self.failed("make the root", errno))
    }

    // ANCHOR: hide
    /// Takes away each procfs and sysfs of the host's. A new one may be mounted in a user namespace when one is there that
    /// shows all (mount_namespaces(7)): with the host's still mounted, a container could have one without its masks.
    fn hide_kernels(&self, root: &OwnedFd) -> Result<()> {
        let own = kernel::path(root.as_fd()).map_err(|errno| self.failed("find", errno))?;
        let is_hosts = |mount: &&table::Mounted| {
            ["proc", "sysfs"].contains(&mount.kind.as_str()) && !mount.point.starts_with(&own)
        };
        // What covers another one goes first.
        table::read()?.iter().rev().filter(is_hosts).try_for_each(|mount| match kernel::hide(&mount.point) {
            // It was in one that is gone by now.
            Err(Errno::NOENT) => Ok(()),
            done => done.map_err(|errno| Error::os(format!("take away {}", mount.point.display()), errno)),
        })
    }
    // ANCHOR_END: hide

    fn finish(&self, mount: &OwnedFd) -> Result<()> {
        // Not earlier: missing mount points had to be made.
        let readonly = Attributes { set: libc::MOUNT_ATTR_RDONLY, ..Attributes::default() };
        match self.readonly {
            true => kernel::set_attributes(mount.as_fd(), readonly, false)
                .map_err(|errno| self.failed("make read-only", errno)),
            false => Ok(()),
        }
    }
}
// ANCHOR_END: setup
