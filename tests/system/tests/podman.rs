//! Podman with our runtime in the place of crun: `podman --runtime PATH`.

mod room;

use std::process::Stdio;

use room::Room;
use support::image::{BUSYBOX, podman};
use support::observe::{await_some, cmdline, processes_of};
use support::{World, busybox_archive};

/// Podman of a world that has busybox.
struct Podman {
    world: World,
    runtime: String,
}

impl Podman {
    fn new() -> Podman {
        let world = World::new();
        let runtime = world.process("runtime").get_program().to_str().unwrap().to_owned();
        let archive = busybox_archive(&world);
        let podman = Podman { world, runtime };
        podman.ok(&["load", "-i", archive.to_str().unwrap()]);
        podman
    }

    /// Its output, its errors, its status. In files: what it leaves behind has them open for longer.
    fn run(&self, words: &[&str], input: &str) -> (String, String, i32) {
        let file = |name: &str| self.world.root().join(name);
        let create = |name: &str| std::fs::File::create(file(name)).unwrap();
        std::fs::write(file("in"), input).unwrap();
        let ready = podman(&self.world);
        let mut command = self.world.process("podman");
        command.args(ready.get_args()).args(["--runtime", &self.runtime]).args(words);
        command.stdin(Stdio::from(std::fs::File::open(file("in")).unwrap()));
        let status = command.stdout(create("out")).stderr(create("errors")).status().unwrap();
        let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
        // About the machine's mounts, not about us.
        let errors = read("errors")
            .lines()
            .filter(|line| !line.contains("level=warning"))
            .map(|line| format!("{line}\n"))
            .collect();
        (read("out"), errors, status.code().unwrap())
    }

    fn ok(&self, words: &[&str]) -> String {
        let (out, errors, status) = self.run(words, "");
        assert_eq!(status, 0, "{words:?}: {errors}");
        out
    }
}

impl Drop for Podman {
    /// What cleans up behind a container may be at it yet; what keeps the namespace ends with the world.
    fn drop(&mut self) {
        let keeps = |pid: &u32| cmdline(*pid).first().is_none_or(|name| name.ends_with("catatonit"));
        await_some("the end of all", || processes_of(self.world.root()).iter().all(keeps).then_some(()));
    }
}

#[test]
fn a_container_that_is_waited_for() {
    let podman = Podman::new();
    assert_eq!(podman.ok(&["run", "--rm", BUSYBOX, "echo", "hi"]), "hi\n");
    assert_eq!(podman.run(&["run", "--rm", "-i", BUSYBOX, "cat"], "input\n"), ("input\n".into(), String::new(), 0));
    assert_eq!(podman.run(&["run", "--rm", BUSYBOX, "sh", "-c", "exit 7"], "").2, 7);
    for network in ["none", "host"] {
        assert_eq!(podman.ok(&["run", "--rm", "--network", network, BUSYBOX, "echo", network]), format!("{network}\n"));
    }
    assert_eq!(podman.ok(&["run", "--rm", "-t", BUSYBOX, "tty"]), "/dev/pts/0\r\n");
    assert_eq!(podman.ok(&["run", "--rm", "--user", "5:6", BUSYBOX, "id", "-G"]), "6\n");
    let kept = podman.ok(&["run", "--rm", "--userns", "keep-id", BUSYBOX, "id", "-u"]);
    assert_eq!(kept, format!("{}\n", support::user().uid));
    let set = ["run", "--rm", "--sysctl", "net.ipv4.ip_forward=1", BUSYBOX, "cat", "/proc/sys/net/ipv4/ip_forward"];
    assert_eq!(podman.ok(&set), "1\n");
    let (_, errors, status) = podman.run(&["run", "--rm", BUSYBOX, "nothing"], "");
    assert_eq!(status, 127);
    assert!(errors.contains("executable file \"nothing\" not found in $PATH"), "{errors}");
}

#[test]
fn a_container_that_is_left_alone() {
    let podman = Podman::new();
    let script = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done";
    let id = podman.ok(&["run", "-d", "--name", "box", BUSYBOX, "sh", "-c", script]);
    await_some("the first word", || (podman.ok(&["logs", "box"]) == "up\n").then_some(()));
    let state = podman.world.command(&podman.runtime).args(["state", id.trim()]).output().unwrap();
    assert!(String::from_utf8_lossy(&state.stdout).contains(r#""status": "running""#), "{state:?}");

    assert_eq!(podman.run(&["exec", "box", "sh", "-c", "echo in; exit 4"], ""), ("in\n".into(), String::new(), 4));
    assert_eq!(podman.run(&["exec", "-i", "-u", "7", "box", "sh", "-c", "id -u; cat"], "typed\n").0, "7\ntyped\n");
    podman.ok(&["exec", "-d", "box", "sleep", "1000"]);
    assert_eq!(podman.ok(&["exec", "-t", "box", "tty"]), "/dev/pts/0\r\n");
    assert!(podman.ok(&["top", "box"]).contains("sleep 1000"));

    podman.ok(&["stop", "box"]);
    assert_eq!(podman.ok(&["logs", "box"]), "up\nbye\n");
    assert_eq!(podman.ok(&["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "box"]), "exited 3\n");
    podman.ok(&["start", "box"]);
    podman.ok(&["kill", "box"]);
    podman.ok(&["rm", "-f", "box"]);
    assert_eq!(podman.ok(&["ps", "-aq"]), "");
    let left = std::fs::read_dir(podman.world.run().join("podling-runtime"));
    assert_eq!(left.map(Iterator::count).unwrap_or(0), 0);
}

/// Without a user namespace of Podman's: limits on numbers of files and processes that root may always set, and no limit of
/// the cgroup's, which takes a controller.
#[test]
fn a_container_of_roots() {
    let room = Room::new("");
    let archive = busybox_archive(&room.world);
    let path = |name: &str| room.path(name).to_str().unwrap().to_owned();
    let (root, run, temporary) = (path("root"), path("run"), path("tmp"));
    let ours = [
        ["--root", &root, "--runroot", &run, "--tmpdir", &temporary, "--storage-driver", "vfs"],
        [
            "--cgroup-manager",
            "cgroupfs",
            "--events-backend",
            "file",
            "--log-level",
            "error",
            "--runtime",
            &room.runtime,
        ],
    ]
    .concat();
    let words = |words: &[&'static str]| [&ours[..], words].concat();
    let ok = |what: &[&'static str]| room.ok("podman", &words(what));
    let start = |flags: &[&'static str], program: &[&'static str]| {
        let small =
            ["run", "--network=none", "--pids-limit=-1", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"];
        room.run("podman", &[&ours[..], &small, flags, &[BUSYBOX], program].concat())
    };
    room.ok("podman", &[&ours[..], &["load", "-i", archive.to_str().unwrap()]].concat());
    let shown = start(&["--rm"], &["sh", "-c", "id -u; ulimit -n; exit 7"]);
    assert_eq!((shown.0.as_str(), shown.2), ("0\n1024\n", 7), "{}", shown.1);
    let (_, errors, status) = start(&["--rm"], &["nothing"]);
    assert!(errors.contains("not found in $PATH: No such file or directory") && status == 127, "{status} {errors}");
    assert_eq!(start(&["--rm"], &["/etc"]).2, 126);

    let script = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done";
    assert_eq!(start(&["-d", "--name", "box"], &["sh", "-c", script]).2, 0);
    await_some("the first word", || (ok(&["logs", "box"]) == "up\n").then_some(()));
    let exec = words(&["exec", "box", "sh", "-c", "echo in; exit 4"]);
    assert_eq!(room.run("podman", &exec), ("in\n".into(), String::new(), 4));
    assert_eq!(room.on_terminal("podman", &words(&["exec", "-it", "box", "tty"]), "/dev/pts/0"), 0);
    assert_eq!(room.run("podman", &words(&["exec", "box", "nothing"])).2, 127);
    assert!(ok(&["top", "box"]).contains("sleep 0.05"));
    if room.has_cgroups() {
        ok(&["pause", "box"]);
        assert_eq!(ok(&["inspect", "--format", "{{.State.Status}}", "box"]), "paused\n");
        ok(&["unpause", "box"]);
    }
    ok(&["stop", "box"]);
    assert_eq!(ok(&["logs", "box"]), "up\nbye\n");
    assert_eq!(ok(&["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "box"]), "exited 3\n");
    ok(&["start", "box"]);
    ok(&["kill", "box"]);
    ok(&["rm", "-f", "-t", "0", "box"]);
    assert_eq!(ok(&["ps", "-aq"]), "");
}
