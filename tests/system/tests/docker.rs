//! Docker with our runtime: `dockerd --add-runtime NAME=PATH`, `docker run --runtime NAME`.

mod room;

use room::Room;
use support::observe::await_some;

/// What Debian's docker.io brings, and what containerd keeps outside of its own directories.
const SERVICES: &str = r#"
    for program in containerd dockerd docker; do
        command -v $program >/dev/null || { echo "$program is missing; run: scripts/setup --dev"; exit 1; }
    done
    printf 'version = 2\n[plugins."io.containerd.internal.v1.opt"]\npath = "%s/opt"\n' "$PWD" >containerd.toml
    containerd --config containerd.toml --root $PWD/cd-root --state $PWD/cd-state --address $PWD/cd.sock >cd.log 2>&1 &
    dockerd --containerd $PWD/cd.sock -H unix://$PWD/docker.sock --data-root $PWD/docker --exec-root $PWD/exec --pidfile $PWD/pid \
        --storage-driver vfs --iptables=false --ip6tables=false --ip-masq=false --bridge=none --add-runtime ours=RUNTIME >d.log 2>&1 &
"#;

/// A dockerd that has busybox.
struct Docker {
    room: Room,
    socket: String,
}

impl Docker {
    fn new() -> Docker {
        let room = Room::new(SERVICES);
        let socket = format!("unix://{}", room.path("docker.sock").display());
        let docker = Docker { room, socket };
        await_some("dockerd", || (docker.run(&["version"]).2 == 0).then_some(()));
        let layer = docker.room.path("layer.tar");
        let tree = docker.room.world.busybox_rootfs();
        docker.room.ok("tar", &["-C", tree.to_str().unwrap(), "-cf", layer.to_str().unwrap(), "."]);
        docker.ok(&["import", layer.to_str().unwrap(), "busybox"]);
        docker
    }

    fn words<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        [&["--host", &self.socket], words].concat()
    }

    fn run(&self, words: &[&str]) -> (String, String, i32) {
        self.room.run("/usr/bin/docker", &self.words(words))
    }

    fn ok(&self, words: &[&str]) -> String {
        self.room.ok("/usr/bin/docker", &self.words(words))
    }

    /// `docker run` by our runtime.
    fn start(&self, words: &[&str]) -> (String, String, i32) {
        self.run(&[&["run", "--runtime", "ours", "--network", "none"], words].concat())
    }
}

#[test]
fn a_life() {
    let docker = Docker::new();
    assert_eq!(docker.start(&["--rm", "busybox", "echo", "hi"]), ("hi\n".into(), String::new(), 0));
    assert_eq!(docker.start(&["--rm", "busybox", "sh", "-c", "exit 7"]).2, 7);
    // It tells by the kernel's words whose mistake that is.
    let (_, errors, status) = docker.start(&["--rm", "busybox", "nothing"]);
    assert!(errors.contains("executable file \"nothing\" not found in $PATH"), "{errors}");
    assert_eq!((status, docker.start(&["--rm", "busybox", "/etc"]).2), (127, 126));
    let who = "id -u; id -G; ulimit -n; cat /proc/sys/kernel/hostname; sed -n s/^NoNewPrivs:.//p /proc/self/status";
    let flags = ["--rm", "--user", "5:6", "--ulimit", "nofile=100:200", "--hostname", "box", "--read-only", "--init"];
    let shown = docker.start(&[&flags[..], &["--security-opt=no-new-privileges", "busybox", "sh", "-c", who]].concat());
    assert_eq!(shown, ("5\n6\n100\nbox\n1\n".into(), String::new(), 0));
    // All devices of the host, and all rights.
    assert_eq!(docker.start(&["--rm", "--privileged", "busybox", "echo", "free"]).0, "free\n");

    let script = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done";
    docker.start(&["-d", "--name", "box", "busybox", "sh", "-c", script]);
    await_some("the first word", || (docker.ok(&["logs", "box"]) == "up\n").then_some(()));
    assert_eq!(docker.run(&["exec", "box", "sh", "-c", "echo in; exit 4"]), ("in\n".into(), String::new(), 4));
    let terminal = docker.words(&["exec", "-it", "box", "sh", "-c", "tty; exit 5"]);
    assert_eq!(docker.room.on_terminal("/usr/bin/docker", &terminal, "/dev/pts/0"), 5);
    docker.ok(&["exec", "-d", "box", "sleep", "1234"]);
    assert!(docker.ok(&["top", "box"]).contains("sleep 1234"));
    assert_eq!(docker.run(&["exec", "box", "nothing"]).2, 126);
    if docker.room.has_cgroups() {
        let status = || docker.ok(&["inspect", "--format", "{{.State.Status}}", "box"]);
        docker.ok(&["pause", "box"]);
        assert_eq!(status(), "paused\n");
        docker.ok(&["unpause", "box"]);
        assert_eq!(status(), "running\n");
        let (_, errors, status) = docker.run(&["update", "--memory", "64m", "--memory-swap", "64m", "box"]);
        match docker.room.ok("cat", &["/sys/fs/cgroup/cgroup.controllers"]).contains("memory") {
            true => assert_eq!(docker.ok(&["exec", "box", "cat", "/sys/fs/cgroup/memory.max"]), "67108864\n"),
            false => assert!(status == 1 && errors.contains("this kernel has no cgroup controller memory"), "{errors}"),
        }
    }
    docker.ok(&["stop", "box"]);
    assert_eq!(docker.ok(&["logs", "box"]), "up\nbye\n");
    let ended = ["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "box"];
    assert_eq!(docker.ok(&ended), "exited 3\n");
    docker.ok(&["start", "box"]);
    docker.ok(&["kill", "box"]);
    assert_eq!(docker.ok(&ended), "exited 137\n");
    docker.ok(&["rm", "box"]);
    // As after a start that failed, too.
    assert_eq!(docker.ok(&["ps", "-aq"]), "");
    await_some("the end of all shims", || docker.room.is_empty_but(&["containerd", "dockerd"]).then_some(()));
}
