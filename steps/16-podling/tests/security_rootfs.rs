//! Places in an image that are not what they seem, where the engine makes directories, volumes and mounts. Files of the
//! engine and of the kernel: security.rs.

mod common;

use std::fs;
use std::os::unix::fs::symlink;

use common::cage::{Cage, Swap, file, link};
use support::image::BUSYBOX;
use support::pty::Terminal;

/// Where the container's volume is, and what the canary's path leads to in the container.
const LOOK: &str = "grep -o '_data [^ ]*' /proc/self/mountinfo; cat /link/secret /link/directory/hosts";

/// CVE-2022-23648: what the image says of its volumes is a path in the container, also what is copied out of it.
#[test]
fn an_images_volumes_are_inside() {
    let cage = Cage::new();
    let canary = cage.canary.display().to_string();
    let mut all = String::new();
    for (number, path) in [
        "../../x",
        "/../../x",
        "/link",
        "/link/directory",
        "/link/new",
        "/up",
        "relative",
        "",
        ".",
        "/",
        "/proc",
        "/proc/self/attr",
        "/to-proc",
        "/to-proc/sys",
        "/sys",
        "/sys/kernel",
        "/dev",
        "/etc/passwd",
        "/a:/b,c",
    ]
    .into_iter()
    .enumerate()
    {
        let config = format!(r#""Volumes":{{"{path}":{{}}}}"#);
        let up = format!("../../../../../../../..{canary}");
        let report = cage.attack(
            &format!("volume{number}"),
            &config,
            &["--network=none"],
            &["sh", "-c", LOOK],
            |dir, canary| {
                link(canary, &dir.join("link"));
                link(&up, &dir.join("up"));
                link("/proc", &dir.join("to-proc"));
            },
        );
        all += &report.replacen('\n', &format!(" {path:?}\n"), 1);
        // The volume goes with the container.
        assert_eq!(cage.podling.entries("volumes"), [""; 0], "{report}");
    }
    support::settings().bind(|| insta::assert_snapshot!("image_volumes", all));
}

/// CVE-2026-55686. The first time the image has the link; then the container has made it, and is started again; then it
/// takes turns with a directory.
#[test]
fn a_working_directory_is_made_inside() {
    let cage = Cage::new();
    let canary = cage.canary.clone();
    for target in [canary.clone(), canary.join("new"), canary.join("directory")] {
        for at in ["w", "w/x"] {
            let name = "workdir";
            let config = format!(r#""WorkingDir":"/{at}/new/deep""#);
            cage.attack(name, &config, &["--network=none"], &["pwd"], |dir, _| {
                let _ = fs::remove_dir_all(dir.join("w"));
                link(&target, &dir.join(at));
            });
        }
    }
    let image = cage.image("again", r#""WorkingDir":"/w/new/deep""#, |_, _| ());
    let script = format!("rm -r /w; ln -s {} /w; ls -A / | grep -c w", canary.display());
    cage.typed(&["run", "--name=again", "--network=none", &image, "sh", "-c", &script]);
    let said = cage.typed(&["start", "-a", "again"]);
    assert!(said.contains("create the image's working directory /w/new/deep"), "{said}");
    cage.typed(&["rm", "again"]);
    // A directory of the caller's, which somebody changes while the container starts.
    let shared = cage.podling.world.dir("shared");
    cage.podling.world.dir("shared/w");
    symlink(&canary, shared.join("link")).unwrap();
    let swap = Swap::start(shared.join("w"), shared.join("link"));
    let volume = format!("{}:/shared", shared.display());
    let image = cage.image("swap", r#""WorkingDir":"/shared/w/new""#, |_, _| ());
    for _ in 0..20 {
        cage.typed(&["run", "--rm", "--network=none", "-v", &volume, &image, "sh", "-c", "pwd; cat ../secret"]);
        cage.typed(&["run", "--rm", "--network=none", "-v", &volume, "-w", "/shared/w", BUSYBOX, "cat", "secret"]);
    }
    drop(swap);
    cage.podling.assert_clean();
}

/// CVE-2021-30465, CVE-2024-45310: a container that shares a volume exchanges a directory for a link while another one gets
/// mounts below it; here the places have to be made first.
#[test]
fn a_shared_volume_that_changes_under_a_mount() {
    let cage = Cage::new();
    let world = &cage.podling.world;
    let (inner, one) = (world.dir("inner"), world.write("one", "the volume\n"));
    let shared = world.dir("shared");
    world.dir("shared/place");
    symlink(&cage.canary, shared.join("link")).unwrap();
    let swap = Swap::start(shared.join("place"), shared.join("link"));
    let volumes = [(&shared, "/shared"), (&inner, "/shared/place/a/b"), (&one, "/shared/place/c/d")];
    let volumes = volumes.map(|(source, place)| format!("-v{}:{place}", source.display()));
    let mut started = 0;
    for _ in 0..25 {
        let flags = ["run", "--rm", "--network=none", &volumes[0], &volumes[1], &volumes[2], BUSYBOX, "sh", "-c"];
        let said =
            cage.typed(&[&flags[..], &["cat /shared/*/secret; cut -d ' ' -f 4,5 /proc/self/mountinfo"]].concat());
        assert!(!said.contains("/canary "), "{said}");
        started += usize::from(said.contains("/shared"));
    }
    drop(swap);
    assert!(started > 0, "not one container started");
}

/// CVE-2024-5154, CVE-2024-9341, CVE-2025-24965: those files of ours that only some containers have. CVE-2018-15664 is
/// theirs as well: the links are made by the container itself before it is started again.
#[test]
fn files_that_only_some_containers_have() {
    let cage = Cage::new();
    let flags = ["--network=none", "--userns=keep-id", "--init", "-u0"];
    let look =
        ["sh", "-c", "id -u; grep -c : /etc/passwd; grep -c : /etc/group; test -e /run/podling-init && echo init"];
    let mut all = String::new();
    for (name, links) in [
        ("accounts", &[("etc/passwd", "passwd"), ("etc/group", "passwd"), ("run/podling-init", "secret")][..]),
        ("nothing", &[("etc/passwd", "new"), ("etc/group", "new/x"), ("run/podling-init", "new")]),
        ("directories", &[("etc", "directory"), ("run", "directory")]),
        ("crypto", &[("etc/crypto-policies", "directory"), ("etc/mtab", "secret"), ("run/secrets", "directory")]),
    ] {
        all += &cage.attack(name, "", &flags, &look, |dir, canary| {
            links.iter().for_each(|(at, to)| link(canary.join(to), &dir.join(at)));
        });
    }
    let script = format!(
        "rm -rf /etc/passwd; for f in passwd group hosts resolv.conf; do ln -sf {0}/secret /etc/$f; done; \
         mv /run /old 2>/dev/null; ln -s {0}/directory /run; echo made",
        cage.canary.display()
    );
    for flags in [&flags[..], &flags[..1]] {
        cage.typed(&[&["run", "--name=again"], flags, &[BUSYBOX, "sh", "-c", &script]].concat());
        cage.typed(&["start", "-a", "again"]);
        cage.typed(&["rm", "-f", "again"]);
    }
    support::settings().bind(|| insta::assert_snapshot!("some_files", all));
}

/// CVE-2025-31133, CVE-2025-52565, CVE-2026-88264, CVE-2026-41579: a /dev of one's own, with links for what a terminal and
/// the masks are made of.
#[test]
fn a_dev_of_ones_own_gives_no_file_away() {
    let cage = Cage::new();
    let world = &cage.podling.world;
    let bin = world.process("podling").get_program().display().to_string();
    for (number, targets) in [["secret", "secret", "directory"], ["new", "new", "new"]].into_iter().enumerate() {
        let dev = world.dir(format!("dev{number}"));
        for (name, target) in ["console", "ptmx", "pts"].into_iter().zip(targets) {
            symlink(cage.canary.join(target), dev.join(name)).unwrap();
        }
        for name in ["null", "tty", "stdin", "fd"] {
            symlink(cage.canary.join("secret"), dev.join(name)).unwrap();
        }
        let volume = format!("{}:/dev", dev.display());
        for flags in [&["-v", &volume][..], &["-v", &volume, "--read-only"], &["-v", &volume, "--privileged"]] {
            let flags = flags.join(" ");
            let script = format!("{bin} run --rm -t --network=none {flags} {BUSYBOX} sh -c 'cat /dev/*'; echo end $?");
            let terminal = Terminal::spawn(world, "/bin/sh", &["-c", &script]);
            terminal.expect("end 125\n");
            cage.check(&terminal.screen());
        }
    }
    // In an image it is hidden by ours.
    let said =
        cage.attack("dev", "", &["-t", "--network=none"], &["sh", "-c", "tty; ls -l /dev/null"], |dir, canary| {
            for name in ["console", "ptmx", "pts/0", "null", "tty"] {
                link(canary.join("secret"), &dir.join("dev").join(name));
            }
        });
    assert!(said.contains("/dev/pts/0\r\ncrw"), "{said}");
    // The null device is exchanged for a link while the masks are made.
    let dev = world.dir("dev-swap");
    fs::write(dev.join("null"), "").unwrap();
    symlink("/proc/sys/kernel/core_pattern", dev.join("link")).unwrap();
    let swap = Swap::start(dev.join("null"), dev.join("link"));
    let volumes = [format!("-v{}:/dev", dev.display()), "-v/dev/null:/dev/null".to_string()];
    for _ in 0..25 {
        let words = ["run", "--rm", "--network=none", &volumes[0], &volumes[1], BUSYBOX, "sh", "-c"];
        let said = cage.typed(&[&words[..], &["stat -c %t:%T /proc/interrupts /proc/keys"]].concat());
        assert!(said == "1:3\n1:3\n" || said.contains("/dev/null"), "{said}");
    }
    drop(swap);
}

/// CVE-2025-52881, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: nothing gets between us and the kernel's files that we
/// write to.
#[test]
fn nothing_is_mounted_over_what_the_walls_are_made_with() {
    let cage = Cage::new();
    let image = cage.image("to-proc", "", |dir, _| {
        link("/proc", &dir.join("p"));
        link("/proc/self/attr", &dir.join("attr"));
        link("/proc/sys/net", &dir.join("net"));
        file(&dir.join("root/x"), "", 0o644);
    });
    let canary = cage.canary.display();
    for place in
        ["/proc/self/attr", "/proc/sys", "/proc/sys/net/ipv4", "/proc/thread-self", "/p/self", "/attr", "/net", "/proc"]
    {
        for flags in [
            ["-v".to_string(), format!("{canary}:{place}")],
            ["--tmpfs".into(), place.into()],
            ["--mount".into(), format!("type=tmpfs,dst={place}")],
        ] {
            let words = ["run", "--rm", "--network=none", "--sysctl=net.ipv4.ip_forward=1", &flags[0], &flags[1]];
            let said = cage.typed(&[&words[..], &[&image, "echo", "started"]].concat());
            assert!(said.starts_with("Error: ") && said.ends_with("[exit 125]\n"), "{flags:?}: {said}");
        }
    }
    cage.podling.assert_clean();
}
