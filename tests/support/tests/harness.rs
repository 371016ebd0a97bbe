//! The harness does what it says.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use support::{World, observe, pty::Terminal, rootless, user};

#[test]
fn a_command_is_unprivileged_and_finds_a_fresh_login() {
    let out = rootless("/bin/sh").args(["-c", "id -u; id -G; env; pwd"]).output().unwrap();
    let out = String::from_utf8(out.stdout).unwrap();
    let mut lines = out.lines();
    assert_eq!(lines.next().unwrap(), user().uid.to_string());
    if user().drop {
        assert_eq!(lines.next().unwrap(), user().gid.to_string(), "no supplementary groups");
    }
    assert_ne!(user().uid, 0);
    assert!(out.contains("/home\n") && !out.contains("CARGO"), "{out}");
}

#[test]
fn a_world_is_gone_after_the_test_with_what_subordinate_ids_own() {
    let world = World::new();
    let root = world.root().to_path_buf();
    let made = world
        .command("unshare")
        .args(["--map-root-user", "--map-auto", "sh", "-c", "mkdir d; touch d/f; chown -R 7:7 d; chmod 700 d"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    assert_eq!(root.join("home/d").metadata().unwrap().uid(), user().subuid.0 + 6);
    drop(world);
    assert!(!root.exists());
}

#[test]
fn a_closed_checkout_is_no_obstacle() {
    let world = World::new();
    let closed = tempfile::tempdir().unwrap();
    std::fs::set_permissions(closed.path(), Permissions::from_mode(0o700)).unwrap();
    // Not fs::copy: a file open for writing here is busy for the children of other tests.
    assert!(Command::new("cp").arg("/bin/echo").arg(closed.path().join("say")).status().unwrap().success());
    world.command(closed.path().join("say")).arg("hello").assert().success().stdout("hello\n");
}

#[test]
fn a_rootfs_runs_alone() {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    assert_eq!(rootfs.join("etc/passwd").metadata().unwrap().uid(), user().uid);
    world
        .command("unshare")
        .args(["--map-root-user", "--user", "--root"])
        .arg(&rootfs)
        .args(["/bin/sh", "-c", "whoami; ls /etc"])
        .assert()
        .success()
        .stdout("root\ngroup\nhostname\nhosts\npasswd\n");
}

#[test]
fn outside_sees_maps_namespaces_children_and_mounts() {
    let world = World::new();
    let mut child =
        world.process("unshare").args(["-Urpmf", "--mount-proc", "sh", "-c", "sleep 987; true"]).spawn().unwrap();
    let pid = observe::await_program(child.id(), &["sleep", "987"]);
    assert_eq!(observe::uid_map(pid), [[0, u64::from(user().uid), 1]]);
    assert_eq!(observe::own_namespaces(pid), ["mnt", "pid", "user"]);
    assert_eq!(observe::status(pid)["NSpid"], format!("{pid} 2"));
    let mounts = observe::mountinfo(pid);
    assert!(mounts.iter().any(|mount| mount.kind == "proc" && mount.has("nosuid")), "{mounts:?}");
    assert!(observe::processes_of(world.root()).contains(&pid));
    assert!(observe::mounts_below(world.root()).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.cast_signed()), nix::sys::signal::SIGKILL).unwrap();
}

#[test]
fn a_terminal_is_typed_on() {
    let world = World::new();
    let mut terminal = Terminal::spawn(&world, "/bin/sh", &["-c", "tty; stty size; read x; stty size; echo got $x"]);
    terminal.expect("/dev/pts/");
    terminal.expect("24 80");
    terminal.resize(30, 100);
    terminal.send("hello\r");
    terminal.expect("got hello");
    assert!(terminal.screen().contains("30 100"));
    assert!(terminal.wait().success());
}

#[test]
fn a_snapshot_has_nothing_of_this_machine() {
    let user = user();
    let id = "0123456789ab".repeat(6)[..64].to_string();
    let text = format!(
        "{} {} {} net:[4026531840] {id} {} 2026-11-23T21:04:01.5Z pid 77 /tmp/podling-a1B2c3/home",
        user.name,
        user.uid,
        user.subuid.0,
        &id[..12]
    );
    support::settings().bind(|| {
        insta::assert_snapshot!(text, @"[USER] [UID] [SUBUID] net:[NUMBER] [ID] [ID] [TIME] pid [PID] [WORLD]/home");
    });
}
