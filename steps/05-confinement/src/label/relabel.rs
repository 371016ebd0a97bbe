//! Volumes with `z` or `Z`: files of the host become files of containers.

use std::env;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use process::{Error, Result, code};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, getxattr, openat};
use rustix::io::Errno;

use super::{Context, enabled};

/// Where the kernel keeps the label of a file.
const XATTR: &str = "security.selinux";

/// With the label of a container's files, the machine itself could no longer use them. Podman's list.
const NEVER: [&str; 24] = [
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/etc/passwd",
    "/etc/pki",
    "/etc/shadow",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/var",
    "/var/lib",
    "/var/log",
];

/// Gives `path`, and everything below it, the label `mount` of a container's files; `shared`: without the categories, so that
/// all containers can use it. Nothing happens where SELinux is not enabled, or on a file system without labels.
///
/// # Errors
/// When `path` is a directory of the system's or the caller's home; what could not be labelled, and the kernel's reason.
pub fn relabel(path: &Path, mount: &str, shared: bool) -> Result<()> {
    if !enabled() {
        return Ok(());
    }
    let real = path.canonicalize().map_err(|error| Error::os(format!("find {}", path.display()), error))?;
    allowed(path, &real)?;
    let label = if shared { without_categories(mount) } else { mount.to_owned() };
    let root = open(CWD, real.as_path()).map_err(|errno| Error::os(format!("open {}", path.display()), errno))?;
    match below(root, &label) {
        // Podman too says nothing then: such a file system has one label for all its files.
        Err(Errno::NOTSUP) | Ok(()) => Ok(()),
        Err(errno) => Err(Error::os(format!("label {} as {label}", path.display()), errno)),
    }
}

/// By what it is, and by what it is called.
fn allowed(path: &Path, real: &Path) -> Result<()> {
    let is = |never: &Path| path == never || real == never;
    let home = env::var_os("HOME").is_some_and(|home| !home.is_empty() && is(Path::new(&home)));
    match home || NEVER.iter().any(|never| is(Path::new(never))) {
        // Podman's words and exit code.
        true => Err(Error::new(format!("SELinux relabeling of {} is not allowed", path.display()))
            .code(code::SYSTEM_DIRECTORY)
            .exit(126)),
        false => Ok(()),
    }
}

fn without_categories(mount: &str) -> String {
    Context::parse(mount).map_or_else(|| mount.into(), |context| Context { level: "s0".into(), ..context }.to_string())
}

/// Every file is reached by its directory's descriptor and never through a link: who can write there cannot lead us away.
// ANCHOR: relabel
fn below(file: OwnedFd, label: &str) -> rustix::io::Result<()> {
    set(&file, label)?;
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::Directory {
        return Ok(());
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = openat(&file, ".", flags, Mode::empty())?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        if [c".", c".."].contains(&entry.file_name()) {
            continue;
        }
        match open(directory.as_fd(), entry.file_name()) {
            // Removed meanwhile.
            Err(Errno::NOENT) => {}
            found => below(found?, label)?,
        }
    }
    Ok(())
}
// ANCHOR_END: relabel

fn set(file: &OwnedFd, label: &str) -> rustix::io::Result<()> {
    let mut found = [0; 256];
    let known = getxattr(format!("/proc/self/fd/{}", file.as_raw_fd()), XATTR, &mut found[..]).unwrap_or(0);
    // The kernel ends a label with a zero byte. One that is right already costs no write.
    if found[..known].strip_suffix(&[0]).unwrap_or(&found[..known]) == label.as_bytes() {
        return Ok(());
    }
    rootfs::kernel::set_label(file.as_fd(), label)
}

fn open(directory: BorrowedFd<'_>, name: impl rustix::path::Arg) -> rustix::io::Result<OwnedFd> {
    openat(directory, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_directories_are_refused_by_any_name() {
        let allowed = |path, real| allowed(Path::new(path), Path::new(real)).map_err(|error| error.to_string());
        for (path, real) in
            [("/", "/"), ("/usr/", "/usr"), ("/srv/../usr", "/usr"), ("/bin", "/usr/bin"), ("/link", "/tmp")]
        {
            assert_eq!(allowed(path, real), Err(format!("SELinux relabeling of {path} is not allowed")));
        }
        assert_eq!(allowed("/srv/data", "/srv/data"), Ok(()));
        assert_eq!(allowed("/usr/local/data", "/usr/local/data"), Ok(()));
    }

    #[test]
    fn shared_has_no_categories() {
        assert_eq!(
            without_categories("system_u:object_r:container_file_t:s0:c1,c2"),
            "system_u:object_r:container_file_t:s0"
        );
    }
}
