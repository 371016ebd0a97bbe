//! What this step asks of the kernel: mounts as descriptors.
//!
//! A mount is made detached, where nobody sees it; gets its attributes; and is attached to a directory that is
//! a descriptor too. See mount_setattr(2), open_tree(2), fsopen(2), move_mount(2).

mod tied;

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, XattrFlags, readlink, setxattr};
use rustix::io::{Errno, Result};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
    fsconfig_create, fsconfig_set_fd, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, mount_change,
    move_mount, open_tree, unmount,
};
use rustix::process::{fchdir, pivot_root as pivot};

pub use tied::{await_change, await_readable, reap, tie};

/// `f_type` of a procfs (statfs(2)).
pub const PROC: i64 = 0x9fa0;
/// `f_type` of a sysfs (statfs(2)).
pub const SYS: i64 = 0x6265_6572;

/// What a mount is to be: the arguments of mount_setattr(2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `MOUNT_ATTR_*` to set.
    pub set: u64,
    /// `MOUNT_ATTR_*` to clear first.
    pub clear: u64,
    /// `MS_PRIVATE`, `MS_SLAVE`, `MS_SHARED`, `MS_UNBINDABLE`, or 0 to leave it.
    pub propagation: u64,
}

/// A file system that could not be made: the kernel's number, and its sentence when it wrote one.
#[derive(Debug)]
pub struct Refused {
    /// The error number.
    pub errno: Errno,
    /// What the kernel's log of this file system says.
    pub words: Option<String>,
}

/// Changes a mount, with those below it when `recursive`.
///
/// # Errors
/// `EPERM` when it would clear what a more privileged namespace locked.
pub fn set_attributes(mount: BorrowedFd<'_>, attributes: Attributes, recursive: bool) -> Result<()> {
    let Attributes { set, clear, propagation } = attributes;
    set_attr(mount, libc::mount_attr { attr_set: set, attr_clr: clear, propagation, userns_fd: 0 }, recursive)
}

/// Gives a detached mount the ids of a user namespace: what belongs to an id inside on the disk is shown as that of the id
/// outside.
///
/// # Errors
/// `EPERM` unless the file system belongs to the caller's user namespace, `EINVAL` when it cannot do that.
pub fn set_ids(mount: BorrowedFd<'_>, users: BorrowedFd<'_>, recursive: bool) -> Result<()> {
    let userns_fd = u64::from(users.as_raw_fd().unsigned_abs());
    let attributes = libc::mount_attr { attr_set: libc::MOUNT_ATTR_IDMAP, attr_clr: 0, propagation: 0, userns_fd };
    set_attr(mount, attributes, recursive)
}

#[expect(unsafe_code, reason = "mount_setattr(2) has no safe wrapper in nix or rustix")]
fn set_attr(mount: BorrowedFd<'_>, attributes: libc::mount_attr, recursive: bool) -> Result<()> {
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is a static C string, `attributes` lives during the call, and its size is given with it.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            std::ptr::from_ref(&attributes),
            size_of::<libc::mount_attr>(),
        )
    };
    if answer == 0 { Ok(()) } else { Err(last_error()) }
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// A detached copy of the mount at `path`, links followed as the caller's; what is mounted below it as well when `recursive`.
///
/// # Errors
/// `EINVAL` without `recursive` when something below hides what this namespace may not see.
pub fn copy_tree(path: &Path, recursive: bool) -> Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    flags.set(OpenTreeFlags::AT_RECURSIVE, recursive);
    open_tree(CWD, path, flags)
}

/// Opens what is at `path` for [`copy_of`], links followed as the caller's.
///
/// # Errors
/// When it is not there.
pub fn open_source(path: &Path) -> Result<OwnedFd> {
    open_tree(CWD, path, OpenTreeFlags::OPEN_TREE_CLOEXEC)
}

/// As [`copy_tree`], of what is open: its path may be out of reach by now.
///
/// # Errors
/// As [`copy_tree`].
pub fn copy_of(source: BorrowedFd<'_>, recursive: bool) -> Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    flags.set(OpenTreeFlags::AT_RECURSIVE, recursive);
    open_tree(source, "", flags)
}

/// Attaches a detached mount on what `target` refers to.
///
/// # Errors
/// `ENOTDIR` when one is a directory and the other is not.
pub fn attach(mount: BorrowedFd<'_>, target: BorrowedFd<'_>) -> Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, "", target, "", flags)
}

/// Gives the file that a descriptor refers to a label of SELinux; the descriptor may be for reference only (`O_PATH`).
///
/// # Errors
/// `EOPNOTSUPP` on a file system without labels.
pub fn set_label(file: BorrowedFd<'_>, label: &str) -> Result<()> {
    // The name in /proc leads to the file itself, even to a link; the descriptor alone would be refused.
    let name = format!("/proc/self/fd/{}", file.as_raw_fd());
    setxattr(name, "security.selinux", label.as_bytes(), XattrFlags::empty())
}

/// A setting of a file system to be made.
pub enum Setting<'a> {
    /// `name`
    Flag(&'a str),
    /// `name=value`; the value at most 255 bytes.
    Text(&'a str, &'a str),
    /// `name`, the directory that a descriptor refers to.
    Directory(&'a str, BorrowedFd<'a>),
}

/// A new file system, mounted but detached.
///
/// # Errors
/// The kernel's number and words.
pub fn new_filesystem(
    kind: &str,
    settings: &[Setting<'_>],
    attributes: Attributes,
) -> std::result::Result<OwnedFd, Refused> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC).map_err(|errno| Refused { errno, words: None })?;
    let make = || {
        for setting in settings {
            match setting {
                Setting::Flag(name) => fsconfig_set_flag(&context, *name)?,
                Setting::Text(name, value) => fsconfig_set_string(&context, *name, *value)?,
                Setting::Directory(name, fd) => fsconfig_set_fd(&context, *name, fd)?,
            }
        }
        fsconfig_create(&context)?;
        let attributes = MountAttrFlags::from_bits_retain(u32::try_from(attributes.set).unwrap_or(0));
        fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
    };
    make().map_err(|errno| Refused { errno, words: words(context.as_fd()) })
}

/// The first error in a file system context's log ("e tmpfs: Bad value for 'size'").
fn words(context: BorrowedFd<'_>) -> Option<String> {
    let mut line = [0; 1024];
    let read = rustix::io::read(context, &mut line).ok()?;
    let line = String::from_utf8_lossy(line.get(..read)?);
    Some(line.strip_prefix("e ")?.trim_end().to_owned())
}

/// The whole tree becomes a slave: mounts of the host come in, ours do not go out.
///
/// # Errors
/// `EPERM` without a mount namespace of its own.
pub fn enslave(path: &str) -> Result<()> {
    mount_change(path, MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)
}

/// Changes how mounts pass to and from the mount at `path`, with those below it when `recursive`; `flags` is one of `MS_*`.
///
/// # Errors
/// `EINVAL` when nothing is mounted there.
pub fn set_propagation(path: &Path, flags: u64, recursive: bool) -> Result<()> {
    let flags = MountPropagationFlags::from_bits_retain(u32::try_from(flags).unwrap_or(0));
    let below = if recursive { MountPropagationFlags::REC } else { MountPropagationFlags::empty() };
    mount_change(path, flags | below)
}

/// Moves `root`, a mount, over the root of this mount namespace, which stays mounted below it.
///
/// # Errors
/// `EINVAL` when `root` is shared with another namespace.
pub fn cover_root(root: BorrowedFd<'_>) -> Result<()> {
    fchdir(root)?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    move_mount(root, "", CWD, "/", flags)?;
    // "." is the new root, on top. Whoever climbs from there comes to the old one, and to what is mounted on that: here again.
    rustix::process::chroot(".")?;
    rustix::process::chdir("/")
}

/// chroot(2) into a directory that is open.
///
/// # Errors
/// `EPERM` without the right to do so.
pub fn change_root(root: BorrowedFd<'_>) -> Result<()> {
    fchdir(root)?;
    rustix::process::chroot(".")?;
    rustix::process::chdir("/")
}

/// The path of what a descriptor refers to, as we see it.
///
/// # Errors
/// Without a procfs.
pub fn path(file: BorrowedFd<'_>) -> Result<PathBuf> {
    let path = readlink(format!("/proc/self/fd/{}", file.as_raw_fd()), Vec::new())?;
    Ok(OsString::from_vec(path.into_bytes()).into())
}

/// Takes away what is mounted at a path, with all that is mounted below.
///
/// # Errors
/// `EINVAL` when nothing is mounted there.
pub fn take_away(path: &Path) -> Result<()> {
    unmount(path, UnmountFlags::DETACH)
}

/// Takes away what is mounted at a path, or where a more privileged namespace holds it, covers it.
///
/// # Errors
/// When it can be neither taken away nor covered.
pub fn hide(path: &Path) -> Result<()> {
    match unmount(path, UnmountFlags::DETACH) {
        Err(Errno::INVAL | Errno::PERM) => {
            let empty =
                new_filesystem("tmpfs", &[], Attributes { set: libc::MOUNT_ATTR_RDONLY, ..Attributes::default() });
            let empty = empty.map_err(|refused| refused.errno)?;
            move_mount(&empty, "", CWD, path, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
        }
        done => done,
    }
}

/// Makes `root`, a mount, the root of this mount namespace, and lets go of the old one.
///
/// # Errors
/// `EINVAL` when the old root is the initial ramdisk, which cannot be moved.
// ANCHOR: pivot
pub fn pivot_root(root: BorrowedFd<'_>) -> Result<()> {
    fchdir(root)?;
    // Both arguments the same: the old root is stacked on the new one, so no directory for it has to exist in the
    // image, or be left over there (pivot_root(2), NOTES).
    pivot(".", ".")?;
    // "." is now the old root, on top. Detached and not busy: nothing of the host is reachable any more, neither
    // by a path nor by "..", because there is no mount left that leads there. chroot(2) leaves all of it mounted.
    unmount(".", UnmountFlags::DETACH)?;
    rustix::process::chdir("/")
}
// ANCHOR_END: pivot
