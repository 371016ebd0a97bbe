//! The smallest root file system that is a pleasure to type in.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::prerequisite::{Package, installer};
use crate::user::give_tree;

/// The names that busybox answers to.
const APPLETS: &str = "[ arch ash awk basename cat chmod chown cp cut date dd df dirname dmesg du echo env expr false find \
     free grep groups head hostname id ifconfig ip kill killall ln ls md5sum mkdir mknod mktemp more mount mv nc \
     netstat nice nproc od pgrep pidof ping printenv printf ps pwd readlink realpath rm rmdir route sed seq sh \
     sha256sum sleep sort stat stty su sync tail tar tee test timeout top touch tr true tty umount uname uniq \
     unshare uptime vi wc wget which whoami xargs yes";

const BUSYBOX: Package = Package {
    apt: "busybox-static",
    dnf: "busybox",
    pacman: "busybox",
    zypper: "busybox-static",
    apk: "busybox-static",
};

/// Makes a root file system at `path` from Debian's static busybox, with users `root` (0), `user` (1000) and
/// `nobody` (65534). It belongs to the unprivileged user.
///
/// # Panics
/// When there is no statically linked busybox; the message says how to get it.
pub fn busybox_rootfs(path: &Path) {
    let busybox = ["/bin/busybox", "/usr/bin/busybox.static", "/sbin/busybox", "/usr/bin/busybox"]
        .into_iter()
        .find(|path| is_static(path))
        .unwrap_or_else(|| {
            panic!("a static busybox is missing; run: scripts/setup --dev ({})", BUSYBOX.install(installer()))
        });
    for dir in ["bin", "dev", "etc", "home/user", "proc", "root", "run", "sys", "tmp", "usr/bin", "var/tmp"] {
        fs::create_dir_all(path.join(dir)).unwrap_or_else(|error| panic!("make {dir}: {error}"));
    }
    for dir in ["tmp", "var/tmp"] {
        fs::set_permissions(path.join(dir), Permissions::from_mode(0o1777)).expect("set permissions");
    }
    // Not fs::copy: a file open for writing here is busy for the children of other tests.
    let copied = Command::new("cp").arg(busybox).arg(path.join("bin/busybox")).status().expect("run cp");
    assert!(copied.success(), "cp {busybox}");
    for applet in APPLETS.split_whitespace() {
        symlink("busybox", path.join("bin").join(applet)).unwrap_or_else(|error| panic!("link {applet}: {error}"));
    }
    for (file, text) in [
        (
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\n\
             user:x:1000:1000:user:/home/user:/bin/sh\n\
             nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
        ),
        ("etc/group", "root:x:0:\nwheel:x:10:user\nuser:x:1000:\nnogroup:x:65534:\n"),
        ("etc/hostname", "busybox\n"),
        ("etc/hosts", "127.0.0.1\tlocalhost\n"),
    ] {
        fs::write(path.join(file), text).unwrap_or_else(|error| panic!("write {file}: {error}"));
    }
    give_tree(path);
}

/// No program interpreter named in the file: nothing else has to be in the root file system.
fn is_static(path: &str) -> bool {
    fs::read(path).is_ok_and(|bytes| {
        let head = &bytes[..bytes.len().min(4096)];
        head.starts_with(b"\x7fELF") && !head.windows(3).any(|three| three == b"/ld")
    })
}
