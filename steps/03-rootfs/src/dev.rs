//! `/dev`: few devices, and some links.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use process::{Error, Result, code};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, openat, statat, symlinkat};
use rustix::io::Errno;

use crate::beneath::{self, Root};
use crate::kernel::{self, Attributes};

/// A device of the host in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its path on the host.
    pub host: PathBuf,
    /// Its path in the container.
    pub container: PathBuf,
}

/// The devices of every container (runtime-spec, config-linux.md, "Default Devices").
#[must_use]
pub fn default_devices() -> Vec<Device> {
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"]
        .map(|path| Device { host: path.into(), container: path.into() })
        .into()
}

/// Links in `/dev` (runtime-spec, runtime-linux.md, "Dev symbolic links") and where they lead.
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// The number of a default device: (major, minor), Linux's Documentation/admin-guide/devices.txt.
fn number(path: &Path) -> Option<(u32, u32)> {
    Some(match path.to_str()? {
        "/dev/null" => (1, 3),
        "/dev/zero" => (1, 5),
        "/dev/full" => (1, 7),
        "/dev/random" => (1, 8),
        "/dev/urandom" => (1, 9),
        "/dev/tty" => (5, 0),
        _ => return None,
    })
}

impl Device {
    /// Binds the device of the host onto a file of the container. Without root nobody may make a device
    /// (mknod(2)), but who can open one may show it elsewhere.
    ///
    /// # Errors
    /// When it is no device, or the place in the container is a link.
    // ANCHOR: dev
    pub(crate) fn attach(&self, root: &Root) -> Result<()> {
        let Device { host, container } = self;
        let failed = |errno: Errno| Error::os(format!("bind {} on {}", host.display(), container.display()), errno);
        let device = kernel::copy_tree(host, false).map_err(failed)?;
        let found = fstat(&device).map_err(failed)?;
        let is_device =
            matches!(FileType::from_raw_mode(found.st_mode), FileType::CharacterDevice | FileType::BlockDevice);
        let is_known = number(host).is_none_or(|(major, minor)| found.st_rdev == rustix::fs::makedev(major, minor));
        if !is_device || !is_known {
            return Err(Error::new(format!("{} is not the device of that name", host.display())).code(code::FORGED));
        }
        let place = self.place(root)?;
        let attributes = Attributes { set: libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC, ..Attributes::default() };
        kernel::set_attributes(device.as_fd(), attributes, false).map_err(failed)?;
        kernel::attach(device.as_fd(), place.as_fd()).map_err(failed)
    }

    /// An empty file, or what is there unless it is a link: the image must not choose what gets covered, or what
    /// the later walls take for /dev/null (CVE-2025-31133).
    fn place(&self, root: &Root) -> Result<OwnedFd> {
        let path = &self.container;
        let failed = |error: std::io::Error| Error::os(format!("make {}", path.display()), error);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Error::new(format!("{} is no place for a device", path.display())).code(code::REFUSED_PLACE));
        };
        let parent = beneath::mkdir_all(root, parent).map_err(failed)?;
        let new = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        match openat(&parent, name, new, Mode::from_raw_mode(0o666)) {
            Err(Errno::EXIST) => {}
            other => return other.map_err(|errno| failed(errno.into())),
        }
        let place = openat(&parent, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
            .map_err(|errno| failed(errno.into()))?;
        let found = fstat(&place).map_err(|errno| failed(errno.into()))?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Symlink => {
                Err(Error::new(format!("{} is a symbolic link", path.display())).code(code::REFUSED_PLACE))
            }
            _ => Ok(place),
        }
    }
    // ANCHOR_END: dev
}

/// Makes the links, where nothing of that name is.
pub(crate) fn links(root: &Root) -> Result<()> {
    let failed = |error: std::io::Error| Error::os("make the links in /dev", error);
    let dev = beneath::mkdir_all(root, Path::new("/dev")).map_err(failed)?;
    for (name, target) in LINKS {
        match symlinkat(target, dev.as_fd(), name) {
            Err(Errno::EXIST) if statat(&dev, name, AtFlags::SYMLINK_NOFOLLOW).is_ok() => {}
            other => other.map_err(|errno| failed(errno.into()))?,
        }
    }
    Ok(())
}
