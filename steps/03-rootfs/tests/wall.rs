//! Root file systems as an OCI `config.json` may ask for them: without a `/dev` of their own, without `/proc`.

mod inside;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::path::Path;

use process::Setup;
use rootfs::{Mount, Rootfs, default_mounts};
use support::World;

/// A world with a canary beside its root file system, the image's /dev spoilt by `spoil`.
fn world(spoil: impl Fn(&Path, &Path)) -> World {
    let world = World::new();
    world.write("canary/file", "a secret of the host");
    let canary = world.dir("canary");
    spoil(&world.busybox_rootfs(), &canary);
    world
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Of the default mounts only those on `places`.
fn rootfs(world: &Path, places: &[&str]) -> Rootfs {
    let mounts = default_mounts(false);
    let wanted = |mount: &Mount| places.iter().any(|place| mount.destination == Path::new(place));
    Rootfs { mounts: mounts.into_iter().filter(wanted).collect(), ..Rootfs::new(world.join("rootfs"), false) }
}

#[test]
fn a_link_is_no_place_for_a_device() {
    let world = world(|root, canary| symlink(canary.join("file"), root.join("dev/null")).unwrap());
    inside::run(&world, "inside_a_link_for_a_device");
    assert_eq!(fs::read_to_string(world.root().join("canary/file")).unwrap(), "a secret of the host");
}

#[test]
#[ignore = "runs in the namespaces that the test above makes"]
fn inside_a_link_for_a_device() {
    let Some(world) = inside::world() else { return };
    let answer = rootfs(&world, &["/proc"]).setup().map_err(|error| error.to_string());
    assert_eq!(answer, Err("/dev/null is a symbolic link".into()));
}

#[test]
fn without_a_dev_of_its_own_the_devices_are_in_the_image() {
    let world = world(|root, canary| {
        fs::remove_dir(root.join("dev")).unwrap();
        symlink(canary, root.join("dev")).unwrap();
    });
    inside::run(&world, "inside_the_images_dev");
    assert_eq!(names(&world.root().join("canary")), ["file"]);
}

#[test]
#[ignore = "runs in the namespaces that the test above makes"]
fn inside_the_images_dev() {
    let Some(world) = inside::world() else { return };
    rootfs(&world, &["/proc"]).setup().unwrap();
    // The link leads to the same path as outside, which is another directory in here.
    assert_eq!(fs::canonicalize("/dev").unwrap(), world.join("canary"));
    let devices = ["fd", "full", "null", "ptmx", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"];
    assert_eq!(names(Path::new("/dev")), devices);
    let null = fs::metadata("/dev/null").unwrap();
    assert!(null.file_type().is_char_device());
    assert_eq!(null.rdev(), rustix::fs::makedev(1, 3));
}

#[test]
fn nothing_of_the_host_is_left() {
    let world = world(|_, _| ());
    inside::run(&world, "inside_the_wall");
}

#[test]
#[ignore = "runs in the namespaces that the test above makes"]
fn inside_the_wall() {
    let Some(world) = inside::world() else { return };
    let home = fs::File::open(&world).unwrap();
    rootfs(&world, &["/proc", "/dev"]).setup().unwrap();
    assert!(!world.exists());
    assert_eq!(std::env::current_dir().unwrap(), Path::new("/"));
    // One mount for each that was asked for, the root, and the six devices.
    assert_eq!(fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count(), 1 + 2 + 6);
    // A descriptor still leads out: this is why all of ours close at exec.
    assert!(home.metadata().unwrap().is_dir());
}
