//! A device's file that is made in the container (runtime-spec, config-linux.md, "Devices").

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, chown};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::stat::{FchmodatFlags, Mode, SFlag, fchmodat, makedev, mknod};
use oci_spec::runtime::{LinuxDevice, LinuxDeviceType};
use process::{Error, Result, Setup};

/// A device's file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    path: PathBuf,
    kind: SFlag,
    number: u64,
    mode: Mode,
    owner: (Option<u32>, Option<u32>),
}

impl Node {
    /// Of the document.
    pub(crate) fn new(device: &LinuxDevice) -> Result<Node> {
        let part = |number: i64| {
            u64::try_from(number)
                .map_err(|_| Error::new(format!("linux.devices: {} has the number {number}", device.path().display())))
        };
        let kind = match device.typ() {
            LinuxDeviceType::B => SFlag::S_IFBLK,
            LinuxDeviceType::C | LinuxDeviceType::U => SFlag::S_IFCHR,
            LinuxDeviceType::P => SFlag::S_IFIFO,
            other => return Err(Error::new(format!("linux.devices: no device has the type {}", other.as_str()))),
        };
        Ok(Node {
            path: device.path().clone(),
            kind,
            number: makedev(part(device.major())?, part(device.minor())?),
            mode: Mode::from_bits_truncate(device.file_mode().unwrap_or(0o666) & 0o7777),
            owner: (device.uid(), device.gid()),
        })
    }

    /// Whether that is what is there.
    fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| {
            let kind = found.file_type();
            let of_kind = match self.kind {
                SFlag::S_IFBLK => kind.is_block_device(),
                SFlag::S_IFCHR => kind.is_char_device(),
                _ => return kind.is_fifo(),
            };
            of_kind && found.rdev() == self.number
        })
    }
}

impl Setup for Node {
    /// In the container's root, of which `/` is the one now.
    fn setup(&self) -> Result<()> {
        let failed = |error: std::io::Error| Error::os(format!("make the device {}", self.path.display()), error);
        let parent = self.path.parent().unwrap_or(&self.path);
        fs::create_dir_all(parent).map_err(failed)?;
        match mknod(&self.path, self.kind, self.mode, self.number) {
            // One of those that every container has is there already.
            Err(Errno::EEXIST) if self.is_there() => return Ok(()),
            made => made.map_err(|errno| failed(errno.into()))?,
        }
        chown(&self.path, Some(self.owner.0.unwrap_or(0)), Some(self.owner.1.unwrap_or(0))).map_err(failed)?;
        // Without what the umask takes away.
        fchmodat(nix::fcntl::AT_FDCWD, &self.path, self.mode, FchmodatFlags::FollowSymlink)
            .map_err(|errno| failed(errno.into()))
    }
}
