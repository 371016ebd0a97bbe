//! What a container sees of its file system, and what the host sees of the container's.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use support::observe::{self, Mount, await_program};
use support::{World, settings};

/// Standard output and error, and the status unless it is 0.
fn run(world: &World, arguments: &[&str]) -> String {
    let rootfs = world.busybox_rootfs();
    let output = world.command("rootfs").args(["run", "--rootfs"]).arg(rootfs).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    match output.status.code() {
        Some(0) => text,
        code => format!("{text}status {}\n", code.unwrap_or(-1)),
    }
}

/// A container whose program is `cat`: it lasts until its input ends.
struct Cat {
    child: Child,
    pid: u32,
}

impl Cat {
    fn start(world: &World, arguments: &[&str]) -> Cat {
        let mut command = world.process("rootfs");
        command.args(["run", "-i", "--rootfs"]).arg(world.busybox_rootfs()).args(arguments).arg("cat");
        let child = command.stdin(Stdio::piped()).spawn().unwrap();
        let pid = await_program(child.id(), &["cat"]);
        Cat { child, pid }
    }

    fn mounts(&self) -> Vec<Mount> {
        observe::mountinfo(self.pid)
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// Without what the host's own mounts decide.
fn shape(mount: &Mount) -> String {
    let Mount { point, kind, .. } = mount;
    let atime = ["relatime", "noatime", "nodiratime"];
    let options: Vec<&str> = mount.options.split(',').filter(|word| !atime.contains(word)).collect();
    let settings: Vec<&str> =
        mount.super_options.split(',').filter(|word| word.starts_with("size=") || word.starts_with("mode=")).collect();
    match point.to_str().unwrap() {
        "/" => format!("/ {}", options[0]),
        device if device.starts_with("/dev/") && fs::metadata(device).is_ok_and(|found| is_device(&found)) => {
            format!("{device} {}", options.join(","))
        }
        point => format!("{point} {kind} {} {}", options.join(","), settings.join(",")),
    }
}

fn is_device(found: &fs::Metadata) -> bool {
    found.file_type().is_char_device()
}

fn shapes(mounts: &[Mount]) -> String {
    mounts.iter().map(|mount| shape(mount).trim_end().to_owned() + "\n").collect()
}

fn find<'a>(mounts: &'a [Mount], point: &str) -> &'a Mount {
    mounts.iter().find(|mount| mount.point == Path::new(point)).unwrap_or_else(|| panic!("no mount on {point}"))
}

#[test]
fn help() {
    let world = World::new();
    let text = world.command("rootfs").args(["run", "--help"]).output().unwrap().stdout;
    settings().bind(|| insta::assert_snapshot!("help", String::from_utf8_lossy(&text)));
}

#[test]
fn it_sees_its_own_files_and_few_devices() {
    let world = World::new();
    let text = [
        run(&world, &["ls", "/"]),
        run(&world, &["sh", "-c", "cd /dev; ls -l | awk '{ print $1, $3, $4, $5, ($5 ~ /,/ ? $6 : \"\"), $NF }'"]),
        run(&world, &["sh", "-c", "for f in fd stdin ptmx; do echo $f $(readlink /dev/$f); done"]),
        run(
            &world,
            &["sh", "-c", "echo gone > /dev/null; head -c 3 /dev/zero | od -An -tx1; set -- /proc/[0-9]*; echo $#"],
        ),
    ];
    settings().bind(|| insta::assert_snapshot!("files", text.join("--\n")));
}

#[test]
fn its_mounts_are_these_and_no_others() {
    let world = World::new();
    let cat = Cat::start(&world, &[]);
    let mounts = cat.mounts();
    settings().bind(|| insta::assert_snapshot!("mounts", shapes(&mounts)));
    // Private, every one: nothing comes in or goes out.
    assert!(mounts.iter().all(|mount| mount.propagation.is_empty()), "{mounts:#?}");
    assert_eq!(observe::mounts_below(world.root()), Vec::<PathBuf>::new());
    let seen = fs::metadata(format!("/proc/{}/root/.", cat.pid)).unwrap();
    let rootfs = fs::metadata(world.busybox_rootfs()).unwrap();
    assert_eq!((seen.dev(), seen.ino()), (rootfs.dev(), rootfs.ino()));
    cat.end();
    assert_eq!(observe::mounts_below(world.root()), Vec::<PathBuf>::new());
}

#[test]
fn with_the_hosts_network_it_sees_the_hosts_sys_and_changes_nothing() {
    let world = World::new();
    let cat = Cat::start(&world, &["--network", "host"]);
    let mounts = cat.mounts();
    let sys: Vec<&Mount> = mounts.iter().filter(|mount| mount.point.starts_with("/sys")).collect();
    assert_eq!(sys[0].kind, "sysfs");
    assert!(["nosuid", "nodev", "noexec"].iter().all(|word| sys[0].has(word)), "{:?}", sys[0]);
    assert!(sys.iter().all(|mount| mount.has("ro")), "{sys:#?}");
    cat.end();
}

#[test]
fn nothing_of_a_read_only_root_can_be_changed() {
    let world = World::new();
    let cat = Cat::start(&world, &["--read-only"]);
    assert!(find(&cat.mounts(), "/").has("ro"));
    assert!(find(&cat.mounts(), "/dev").has("rw"));
    cat.end();
    let text = run(&world, &["--read-only", "sh", "-c", "touch /new; touch /dev/shm/new && echo elsewhere it can"]);
    settings().bind(|| {
        insta::assert_snapshot!(text, @r"
    elsewhere it can
    touch: /new: Read-only file system
    ")
    });
}

#[test]
fn a_volume_is_there_with_the_options_asked_for() {
    let world = World::new();
    let dir = world.dir("volume");
    world.write("volume/file", "content\n");
    let inner = world.dir("inner");
    let volume = |destination: &str| format!("{}:{destination}", dir.display());
    let (plain, read_only) = (volume("/new/place"), volume("/ro:ro,noexec"));
    // What is in a directory is mounted after it, in whatever order it was asked for.
    let nested = format!("{}:/new/place/inner", inner.display());
    let arguments = ["-v", &nested, "-v", &plain, "-v", &read_only];
    let cat = Cat::start(&world, &arguments);
    let mounts = cat.mounts();
    for (point, words) in [
        ("/new/place", &["rw", "nosuid", "nodev"][..]),
        ("/new/place/inner", &["rw", "nosuid", "nodev"]),
        ("/ro", &["ro", "nosuid", "nodev", "noexec"]),
    ] {
        let mount = find(&mounts, point);
        assert!(words.iter().all(|word| mount.has(word)), "{mount:?}");
    }
    cat.end();
    let script = "cat /new/place/file; touch /new/place/inner/made; touch /ro/made";
    let text = run(&world, &[&arguments[..], &["sh", "-c", script]].concat());
    settings().bind(|| {
        insta::assert_snapshot!(text, @r"
    content
    touch: /ro/made: Read-only file system
    status 1
    ")
    });
    assert!(inner.join("made").exists());
    assert_eq!(fs::read_dir(dir.join("inner")).unwrap().count(), 0);
}

#[test]
fn a_file_is_a_volume_too() {
    let world = World::new();
    let file = world.write("file", "of the host\n");
    let text = run(&world, &["-v", &format!("{}:/etc/made/here:ro", file.display()), "cat", "/etc/made/here"]);
    assert_eq!(text, "of the host\n");
    assert_eq!(fs::read(world.busybox_rootfs().join("etc/made/here")).unwrap(), b"");
}

#[test]
fn a_tmpfs_begins_with_what_the_directory_had() {
    let world = World::new();
    let root = world.busybox_rootfs();
    let script = "cd /srv/site && cat page; readlink link; stat -c '%a %U' . page sub; cat /srv/empty/page 2>&1; \
                  echo changed >page; grep -E ' /srv/(site|sized)' /proc/mounts | cut -d' ' -f2-4 | tr , '\n' | \
                  grep -E 'srv|size=|^ro|mode='; touch /srv/sized/x; stat -c %a /srv/sized";
    world.dir("rootfs/srv/site/sub");
    world.dir("rootfs/srv/empty");
    world.write("rootfs/srv/site/page", "of the image\n");
    world.write("rootfs/srv/empty/page", "of the image\n");
    std::os::unix::fs::symlink("/etc/passwd", root.join("srv/site/link")).unwrap();
    world.dir("rootfs/srv");
    for (path, mode) in [("srv/site", 0o751), ("srv/site/sub", 0o1770), ("srv/site/page", 0o4640)] {
        fs::set_permissions(root.join(path), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
    let arguments = [
        "--tmpfs",
        "/srv/site:size=1m",
        "--tmpfs",
        "/srv/empty:notmpcopyup",
        "--mount",
        "type=tmpfs,dst=/srv/sized,tmpfs-size=64k,tmpfs-mode=1777,ro",
        "sh",
        "-c",
        script,
    ];
    let text = run(&world, &arguments);
    settings().bind(|| {
        insta::assert_snapshot!(text, @r"
    of the image
    /etc/passwd
    751 root
    4640 root
    1770 root
    cat: can't open '/srv/empty/page': No such file or directory
    /srv/sized tmpfs ro
    size=64k
    /srv/site tmpfs rw
    size=1024k
    1777
    touch: /srv/sized/x: Read-only file system
    ")
    });
    assert_eq!(fs::read_to_string(root.join("srv/site/page")).unwrap(), "of the image\n");
}
