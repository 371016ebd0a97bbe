//! The naive manager of a service, and what this step's services tell theirs.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use insta::assert_snapshot;
use support::image::BUSYBOX;
use support::{World, busybox_archive, settings};

/// A store with busybox in it.
fn world() -> World {
    let world = World::new();
    let archive = busybox_archive(&world);
    world.command("systemd").args(["load", "-i"]).arg(archive).assert().success();
    world
}

fn shown(world: &World, program: &str, args: &[&str]) -> String {
    let output = world.command(program).args(args).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn a_manager_that_watches_the_process_it_started_loses_the_container() {
    let world = world();
    let program = world.process("systemd").get_program().to_str().unwrap().to_string();
    let run = ["run", "-d", "--network", "none", "--name", "web", BUSYBOX, "sleep", "1000"];
    let screen = shown(&world, "systemd-naive", &[&[program.as_str()], &run[..]].concat());
    let lives = shown(&world, "systemd", &["ps", "--format", "{{.Names}} {{.State}}"]);
    shown(&world, "systemd", &["rm", "-f", "-t", "0", "web"]);
    let mut settings = settings();
    settings.add_filter(r#""[0-9a-f]{64}""#, "\"[ID]\"");
    settings.bind(|| assert_snapshot!("naive", format!("{screen}\n$ podling ps\n{lives}")));
}

/// Closes the hole: the service says itself which process it is, and when it is ready.
#[test]
fn a_service_says_which_process_it_is() {
    let world = world();
    let path = world.root().join("run/notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let run = [
        "run",
        "-d",
        "--network",
        "none",
        "--name",
        "web",
        "--sdnotify=conmon",
        "--cidfile=id",
        BUSYBOX,
        "sleep",
        "1000",
    ];
    world.command("systemd").args(run).env("NOTIFY_SOCKET", &path).assert().success();
    let mut text = [0; 4096];
    let length = socket.recv(&mut text).expect("a message within a minute");
    let text = String::from_utf8_lossy(&text[..length]).into_owned();
    let pid: u32 = text.lines().find_map(|line| line.strip_prefix("MAINPID=")).unwrap().parse().unwrap();
    assert!(text.lines().any(|line| line == "READY=1"), "{text}");
    assert!(world.root().join("home/id").exists());
    // It is the monitor: it lasts as long as the container, and the container's program is below it.
    let child = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let child: u32 = child.split_whitespace().next().unwrap().parse().unwrap();
    assert_eq!(std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap(), "sleep\x001000\0");
    world.command("systemd").args(["rm", "-f", "-t", "0", "web"]).assert().success();
    support::observe::await_end(pid);
    // With the container goes the file that its unit knows it by: the next start writes it anew.
    assert!(!world.root().join("home/id").exists());
}
