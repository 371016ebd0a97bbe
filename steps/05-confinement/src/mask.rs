//! Files of the kernel that a container does not get to see, or not to change.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use process::{Error, Result, code};
use rootfs::kernel::{Attributes, Setting, attach, new_filesystem, set_attributes};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, major, minor, openat2};
use rustix::io::Errno;
use rustix::mount::{OpenTreeFlags, open_tree};

/// Hidden: they tell of the host, or reach its hardware. Podman's list (June 2026) and /sys/dev/block.
pub const MASKED: [&str; 13] = [
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/dev/block",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/fs/selinux",
];

/// Seen but not changed: they configure the kernel. Podman's list.
pub const READONLY: [&str; 6] =
    ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// [`MASKED`] and each processor's `thermal_throttle` of this machine.
#[must_use]
pub fn masked() -> Vec<PathBuf> {
    // Every processor has it or none, and a look at the first one is less than a list of all.
    let any = Path::new("/sys/devices/system/cpu/cpu0/thermal_throttle").exists();
    let processors =
        any.then(|| std::fs::read_dir("/sys/devices/system/cpu").ok()).flatten().into_iter().flatten().flatten();
    let mut throttles: Vec<PathBuf> = processors
        .filter(|entry| entry.file_name().to_str().is_some_and(is_processor))
        .map(|entry| entry.path().join("thermal_throttle"))
        .filter(|path| path.exists())
        .collect();
    throttles.sort();
    MASKED.iter().map(PathBuf::from).chain(throttles).collect()
}

/// [`READONLY`] as paths.
#[must_use]
pub fn readonly() -> Vec<PathBuf> {
    READONLY.iter().map(PathBuf::from).collect()
}

fn is_processor(name: &str) -> bool {
    name.strip_prefix("cpu").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Makes each path read-only, with what is mounted below.
pub(crate) fn make_readonly(paths: &[PathBuf]) -> Result<()> {
    let readonly = Attributes { set: libc::MOUNT_ATTR_RDONLY, ..Attributes::default() };
    for path in paths {
        let failed = |errno| Error::os(format!("make {} read-only", path.display()), errno);
        let Some(target) = find(path).map_err(failed)? else { continue };
        let copy = copy(&target, true).map_err(failed)?;
        set_attributes(copy.as_fd(), readonly, true).map_err(failed)?;
        attach(copy.as_fd(), target.as_fd()).map_err(failed)?;
    }
    Ok(())
}

/// Hides each path: nothing is read from a file, a directory is empty.
// ANCHOR: mask
pub(crate) fn hide(paths: &[PathBuf]) -> Result<()> {
    let (mut empty, mut device): (Option<OwnedFd>, Option<OwnedFd>) = (None, None);
    for path in paths {
        let failed = |errno| Error::os(format!("mask {}", path.display()), errno);
        let Some(target) = find(path).map_err(failed)? else { continue };
        let kind = FileType::from_raw_mode(fstat(&target).map_err(failed)?.st_mode);
        if kind != FileType::Directory {
            let found = match device.take() {
                Some(found) => found,
                None => null()?,
            };
            let copied = copy(&found, false).map_err(failed)?;
            attach(copied.as_fd(), target.as_fd()).map_err(failed)?;
            device = Some(found);
        } else if let Some(first) = &empty {
            // All empty directories are one file system, mounted many times.
            let again = copy(first, false).map_err(failed)?;
            attach(again.as_fd(), target.as_fd()).map_err(failed)?;
        } else {
            let new = empty_directory().map_err(failed)?;
            attach(new.as_fd(), target.as_fd()).map_err(failed)?;
            empty = Some(new);
        }
    }
    Ok(())
}

/// The container's /dev/null, if it is one: an image or a volume may have put a link there, and what it leads to
/// would be mounted, writable, on every path that is to be hidden (CVE-2025-31133).
fn null() -> Result<OwnedFd> {
    let failed = |errno| Error::os("open /dev/null in the container", errno);
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let null = openat2(CWD, "/dev/null", flags, Mode::empty(), ResolveFlags::NO_SYMLINKS).map_err(failed)?;
    let stat = fstat(&null).map_err(failed)?;
    let is_device = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice;
    if is_device && (major(stat.st_rdev), minor(stat.st_rdev)) == (1, 3) {
        return Ok(null);
    }
    Err(Error::new("/dev/null in the container is not the null device, so nothing can be masked with it")
        .code(code::FORGED))
}
// ANCHOR_END: mask

fn empty_directory() -> Result<OwnedFd, Errno> {
    let limits = [
        Setting::Flag("ro"),
        Setting::Text("mode", "555"),
        Setting::Text("nr_inodes", "1"),
        Setting::Text("size", "4096"),
    ];
    let set = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV | libc::MOUNT_ATTR_NOEXEC;
    new_filesystem("tmpfs", &limits, Attributes { set, ..Attributes::default() }).map_err(|refused| refused.errno)
}

/// What is at `path`; nothing when there is nothing. No link is followed in the kernel's own file systems, where
/// none of these paths has one; elsewhere links lead where they lead inside the container, whose root is ours.
fn find(path: &Path) -> Result<Option<OwnedFd>, Errno> {
    let of_kernel = path.starts_with("/proc") || path.starts_with("/sys");
    let resolve = if of_kernel { ResolveFlags::NO_SYMLINKS } else { ResolveFlags::NO_MAGICLINKS };
    match openat2(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve) {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// The mount that `place` is in, from `place` on, detached.
fn copy(place: &OwnedFd, recursive: bool) -> Result<OwnedFd, Errno> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    flags.set(OpenTreeFlags::AT_RECURSIVE, recursive);
    open_tree(place, "", flags)
}
