//! A device's file that is made in the container (runtime-spec, config-linux.md, "Devices").

use std::path::{Path, PathBuf};

use oci_spec::runtime::{LinuxDevice, LinuxDeviceType};
use process::{Error, Result, Setup, code};
use rootfs::beneath::{self, Root};
use rustix::fs::{AtFlags, FileType, Gid, Mode, Stat, Uid, chownat, makedev, mknodat, statat};
use rustix::io::Errno;
use rustix::process::umask;

/// A device's file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    path: PathBuf,
    kind: FileType,
    number: u64,
    mode: Mode,
    owner: (Option<u32>, Option<u32>),
}

impl Node {
    /// Of the document.
    pub(crate) fn new(device: &LinuxDevice) -> Result<Node> {
        let part = |number: i64| {
            u32::try_from(number).map_err(|_| {
                Error::new(format!("linux.devices: {} has the number {number}", device.path().display()))
                    .code(code::BAD_CONFIGURATION)
            })
        };
        let kind = match device.typ() {
            LinuxDeviceType::B => FileType::BlockDevice,
            LinuxDeviceType::C | LinuxDeviceType::U => FileType::CharacterDevice,
            LinuxDeviceType::P => FileType::Fifo,
            other => {
                return Err(Error::new(format!("linux.devices: no device has the type {}", other.as_str()))
                    .code(code::BAD_CONFIGURATION));
            }
        };
        Ok(Node {
            path: device.path().clone(),
            kind,
            number: makedev(part(device.major())?, part(device.minor())?),
            mode: Mode::from_raw_mode(device.file_mode().unwrap_or(0o666) & 0o7777),
            owner: (device.uid(), device.gid()),
        })
    }

    /// Whether that is what is there.
    fn is(&self, found: &Stat) -> bool {
        let kind = FileType::from_raw_mode(found.st_mode);
        kind == self.kind && (kind == FileType::Fifo || found.st_rdev == self.number)
    }
}

impl Setup for Node {
    /// In the container's root, of which `/` is the one now. A link of the image's on the way must not lead to a directory
    /// that is open for us, by /proc/self/fd, and one that a neighbour puts in the node's place is not followed.
    fn setup(&self) -> Result<()> {
        let failed = |error: std::io::Error| Error::os(format!("make the device {}", self.path.display()), error);
        let (Some(parent), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Err(failed(std::io::ErrorKind::IsADirectory.into()));
        };
        let root = Root::open(Path::new("/")).map_err(failed)?;
        let parent = beneath::mkdir_all(&root, parent).map_err(failed)?;
        let before = umask(Mode::empty());
        let made = mknodat(&parent, name, self.kind, self.mode, self.number);
        umask(before);
        let nofollow = AtFlags::SYMLINK_NOFOLLOW;
        match made {
            // One of those that every container has is there already.
            Err(Errno::EXIST) if statat(&parent, name, nofollow).is_ok_and(|found| self.is(&found)) => return Ok(()),
            made => made.map_err(|errno| failed(errno.into()))?,
        }
        let (user, group) = (Uid::from_raw(self.owner.0.unwrap_or(0)), Gid::from_raw(self.owner.1.unwrap_or(0)));
        chownat(&parent, name, Some(user), Some(group), nofollow).map_err(|errno| failed(errno.into()))
    }
}
