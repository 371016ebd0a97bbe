//! Podman with our runtime in the place of crun: `podman --runtime PATH`.

use std::process::Stdio;

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
