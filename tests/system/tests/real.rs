//! Images that others made: Podman's and skopeo's archives, and a Debian.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use support::image::{BUSYBOX, Format, pack, podman_save, skopeo};
use support::pty::Terminal;
use support::{World, busybox_archive, observe};

/// What the program writes; it has to end well.
fn out(world: &World, words: &[&str]) -> String {
    let output = world.command("podling").args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Loads and runs; the same for whoever made the archive.
fn check(world: &World, archive: &Path) {
    let loaded = out(world, &["load", "-i", archive.to_str().unwrap()]);
    assert_eq!(loaded, format!("Loaded image: {BUSYBOX}\n"), "{}", archive.display());
    assert_eq!(out(world, &["run", "--rm", "-u", "user", BUSYBOX, "sh", "-c", "id -u; id -G"]), "1000\n1000 10\n");
    let tree = "stat -c '%a %u %g %n' /etc/passwd /tmp /home/user; ls /home";
    let seen = out(world, &["run", "--rm", BUSYBOX, "sh", "-c", tree]);
    assert!(seen.starts_with("644 0 0 /etc/passwd\n1777 0 0 /tmp\n"), "{seen}");
    assert!(seen.ends_with("/home/user\nuser\n"), "{seen}");
    // The next one finds an empty store.
    fs::rename(world.data().join("podling"), world.root().join(archive.with_extension("store"))).unwrap();
}

#[test]
fn archives_of_podman() {
    let world = World::new();
    for format in [Format::DockerArchive, Format::OciArchive] {
        check(&world, &podman_save(&world, format));
    }
}

#[test]
fn archives_of_skopeo() {
    let world = World::new();
    let by_hand = format!("docker-archive:{}", busybox_archive(&world).display());
    let mut made = 0;
    let mut copy = |flags: &[&str], from: &str, kind: &str| {
        made += 1;
        let archive = world.root().join("tmp").join(format!("{made}.tar"));
        let to = format!("{kind}:{}:{BUSYBOX}", archive.display());
        skopeo(&world).arg("copy").args(flags).args([from, &to]).assert().success();
        archive
    };
    let oci = copy(&[], &by_hand, "oci-archive");
    check(&world, &oci);
    check(&world, &copy(&["--dest-compress-format", "zstd"], &by_hand, "oci-archive"));
    let from = format!("oci-archive:{}", oci.display());
    check(&world, &copy(&[], &from, "docker-archive"));
}

/// The root file system of a minimal Debian as a tar, made by debootstrap in a user namespace, and kept for the next
/// time below `~/.cache/podling`.
fn debian(world: &World) -> PathBuf {
    let home = env::var_os("HOME").expect("HOME is set");
    let cache = env::var_os("XDG_CACHE_HOME").map_or_else(|| Path::new(&home).join(".cache"), PathBuf::from);
    let kept = cache.join("podling").join(format!("debian-stable-{}.tar", env::consts::ARCH));
    if kept.exists() {
        return kept;
    }
    // Without one, debootstrap's own.
    let mirror = env::var("DEBIAN_MIRROR").unwrap_or_default();
    // debootstrap knows what to do without mknod(2) when it believes to be in a container of LXC.
    let script = "set -e; cd \"$1\"; export container=lxc
        debootstrap --variant=minbase --include=procps stable rootfs ${2:+\"$2\"} >&2
        rm -rf rootfs/var/cache/apt/archives rootfs/var/lib/apt/lists
        tar -C rootfs --one-file-system --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \\
            --numeric-owner --sort=name -cf rootfs.tar .
        rm -rf --one-file-system rootfs";
    let dir = world.dir("debian");
    let mut command = world.command("unshare");
    command.args(["--map-root-user", "--map-auto", "--mount", "--pid", "--fork", "sh", "-c", script, "sh"]);
    for name in ["http_proxy", "https_proxy", "no_proxy"] {
        command.envs(env::var_os(name).map(|value| (name, value)));
    }
    let output = command.arg(&dir).arg(&mirror).output().unwrap();
    assert!(
        output.status.success(),
        "no Debian could be made: {}\nIt needs debootstrap (scripts/setup --dev), and once a network; \
         another mirror: DEBIAN_MIRROR=http://..., or put a root file system as a tar at {}",
        String::from_utf8_lossy(&output.stderr),
        kept.display()
    );
    fs::create_dir_all(kept.parent().unwrap()).unwrap();
    let partial = kept.with_extension(std::process::id().to_string());
    fs::copy(dir.join("rootfs.tar"), &partial).unwrap();
    fs::rename(partial, &kept).unwrap();
    kept
}

#[test]
fn a_debian() {
    let world = World::new();
    let archive = world.root().join("debian.tar");
    let config = r#""Cmd":["bash"],"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]"#;
    pack(&world, &archive, "localhost/debian:latest", config, &[&debian(&world)]);
    out(&world, &["load", "-i", archive.to_str().unwrap()]);
    fs::remove_file(&archive).unwrap();
    let run = |script: &str| out(&world, &["run", "--rm", "debian", "sh", "-c", script]);

    assert_eq!(run("id"), "uid=0(root) gid=0(root) groups=0(root)\n");
    assert_eq!(
        run("ps -eo pid,user,comm; true").lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>(),
        ["1", "root", "sh"]
    );
    assert!(run("mount").starts_with("overlay on / type overlay"));
    assert!(run(". /etc/os-release; echo $ID").contains("debian"));
    // What packages do: users, owners, setuid programs, links, many files.
    let made = run("useradd -m -u 2000 tester && su tester -c 'id -un; id -u; echo $HOME; touch ~/file' \
                    && stat -c %U /home/tester/file && test -u /usr/bin/su && dpkg --verify procps && echo well");
    assert_eq!(made, "tester\n2000\n/home/tester\ntester\nwell\n");
    assert_eq!(run("rm -r /usr/share/doc /var/lib/dpkg && mkdir /usr/share/doc && ls -A /usr/share/doc"), "");
    assert_eq!(run("test -d /var/lib/dpkg && getent passwd tester || echo as before"), "as before\n");
    assert_eq!(run("perl -e 'print join q( ), map { $_ * 2 } 1..3'"), "2 4 6");

    let mut terminal = Terminal::spawn(&world, "podling", &["run", "--rm", "-it", "--hostname", "deb", "debian"]);
    terminal.expect("root@deb:/#");
    terminal.send("echo $BASH_VERSION | head -c 2; tput cols; tty\r");
    terminal.expect("80");
    terminal.expect("/dev/pts/0");
    terminal.send("sleep 987 & jobs; kill %1; wait; exit 7\r");
    terminal.expect("Running");
    assert_eq!(terminal.wait().code(), Some(7));

    // The monitor says that it is over, and then ends.
    observe::await_some("the end of all", || observe::processes_of(world.root()).is_empty().then_some(()));
    for directory in ["containers", "running", "container-names"] {
        assert_eq!(fs::read_dir(world.data().join("podling").join(directory)).unwrap().count(), 0, "{directory}");
    }
}
