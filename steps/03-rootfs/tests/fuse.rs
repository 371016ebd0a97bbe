//! Layers as one file system, by a program.

mod inside;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rootfs::{Mounter, Overlay};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, test_kill_process};
use support::World;
use support::observe::{mountinfo, mounts_below};

/// As many layers as an image may have in Docker.
const MANY: usize = 127;

/// Names that a list of directories in one string could not have.
fn layer(number: usize) -> String {
    format!("{number:03}:,\\{}", "long".repeat(50))
}

fn overlay(world: &Path) -> Overlay {
    let at = |name: &str| world.join("layers").join(name);
    Overlay {
        lower: (0..MANY).map(|number| at(&layer(number))).collect(),
        upper: at("upper"),
        work: at("work"),
        target: at("merged"),
        userxattr: true,
        volatile: true,
        context: None,
    }
}

fn mounter(program: &str) -> Mounter {
    Mounter { program: Some(PathBuf::from(program)) }
}

#[test]
fn a_program_does_what_the_kernel_does() {
    let world = World::new();
    for number in 0..MANY {
        world.write(Path::new("layers").join(layer(number)).join("top"), number.to_string());
        world.write(Path::new("layers").join(layer(number)).join(number.to_string()), "");
    }
    for dir in ["upper", "work", "merged"] {
        world.dir(Path::new("layers").join(dir));
    }
    world.dir("layers");
    inside::run(&world, "inside_a_programs_mount");
    let at = |path: &str| world.root().join("layers").join(path);
    assert_eq!(fs::read_to_string(at("upper/top")).unwrap(), "changed");
    let whiteout = fs::symlink_metadata(at("upper/7")).unwrap();
    assert!(whiteout.file_type().is_char_device() && whiteout.rdev() == 0);
    assert_eq!(fs::read_dir(at("merged")).unwrap().count(), 0);
    assert!(mounts_below(world.root()).is_empty());
}

#[test]
#[ignore = "runs in the namespaces that the test above makes"]
fn inside_a_programs_mount() {
    let Some(world) = inside::world() else { return };
    let overlay = overlay(&world);
    let server = mounter("/usr/bin/fuse-overlayfs").mount(&overlay).unwrap().unwrap();
    let at = |path: &str| overlay.target.join(path);
    assert_eq!(fs::read_to_string(at("top")).unwrap(), "0");
    assert!((0..MANY).all(|number| at(&number.to_string()).exists()));
    fs::write(at("top"), "changed").unwrap();
    fs::remove_file(at("7")).unwrap();
    assert!(!server.has_ended());
    let pid = Pid::from_raw(server.pid().cast_signed()).unwrap();
    unmount(&overlay.target, UnmountFlags::DETACH).unwrap();
    server.finish();
    assert_eq!(test_kill_process(pid), Err(Errno::SRCH));
    // Who lets go of it while it is mounted has no file system any more.
    let server = mounter("/usr/bin/fuse-overlayfs").mount(&overlay).unwrap().unwrap();
    drop(server);
    let error = fs::read(at("top")).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(Errno::NOTCONN.raw_os_error()));
    unmount(&overlay.target, UnmountFlags::DETACH).unwrap();
    // One that has to mount by itself, as newer ones do.
    let script = "#!/bin/sh\nfor last; do :; done\ncase $last in /dev/fd/*) exit 1; esac\nexec fuse-overlayfs \"$@\"\n";
    let itself = world.join("bin/itself");
    fs::write(&itself, script).unwrap();
    fs::set_permissions(&itself, fs::Permissions::from_mode(0o755)).unwrap();
    let server = mounter(itself.to_str().unwrap()).mount(&overlay).unwrap().unwrap();
    assert_eq!(fs::read_to_string(at("top")).unwrap(), "changed");
    unmount(&overlay.target, UnmountFlags::DETACH).unwrap();
    server.finish();
    // One that cannot do it leaves nothing.
    let error = mounter("/usr/bin/false").mount(&overlay).unwrap_err();
    assert!(error.to_string().ends_with("by /usr/bin/false: it has ended, and says nothing"), "{error}");
    assert!(mountinfo(std::process::id()).iter().all(|mount| !mount.point.starts_with(&world)));
}
