//! containerd with our runtime: `ctr run --runc-binary PATH`.

mod room;

use room::Room;
use support::busybox_archive;
use support::image::BUSYBOX;
use support::observe::await_some;

const SERVICES: &str = r#"
    for program in containerd ctr; do
        command -v $program >/dev/null || { echo "$program is missing; run: scripts/setup --dev"; exit 1; }
    done
    printf 'version = 2\n[plugins."io.containerd.internal.v1.opt"]\npath = "%s/opt"\n' "$PWD" >containerd.toml
    containerd --config containerd.toml --root $PWD/cd-root --state $PWD/cd-state --address $PWD/cd.sock >cd.log 2>&1 &
"#;

/// A containerd that has busybox.
struct Containerd {
    room: Room,
    socket: String,
}

impl Containerd {
    fn new() -> Containerd {
        let room = Room::new(SERVICES);
        let socket = room.path("cd.sock").to_str().unwrap().to_owned();
        let containerd = Containerd { room, socket };
        await_some("containerd", || (containerd.run(&["version"]).2 == 0).then_some(()));
        let archive = busybox_archive(&containerd.room.world);
        containerd.ok(&["images", "import", "--snapshotter", "native", archive.to_str().unwrap()]);
        containerd
    }

    fn words<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        [&["--address", &self.socket], words].concat()
    }

    fn run(&self, words: &[&str]) -> (String, String, i32) {
        self.room.run("ctr", &self.words(words))
    }

    fn ok(&self, words: &[&str]) -> String {
        self.room.ok("ctr", &self.words(words))
    }

    /// `ctr run` by our runtime.
    fn start(&self, flags: &[&str], id: &str, program: &[&str]) -> (String, String, i32) {
        self.run(&[&self.by_ours(flags, id)[..], program].concat())
    }

    fn by_ours<'a>(&'a self, flags: &[&'a str], id: &'a str) -> Vec<&'a str> {
        let ours = ["run", "--snapshotter", "native", "--runc-binary", &self.room.runtime];
        [&ours[..], flags, &[BUSYBOX, id]].concat()
    }

    fn status(&self, id: &str) -> String {
        let all = self.ok(&["tasks", "ls"]);
        let line = all.lines().find(|line| line.starts_with(id)).unwrap_or_default();
        line.split_whitespace().next_back().unwrap_or_default().to_owned()
    }
}

#[test]
fn a_life() {
    let containerd = Containerd::new();
    assert_eq!(containerd.start(&["--rm"], "one", &["echo", "hi"]), ("hi\n".into(), String::new(), 0));
    assert_eq!(containerd.start(&["--rm"], "one", &["sh", "-c", "exit 7"]).2, 7);
    let (_, errors, status) = containerd.start(&["--rm"], "one", &["nothing"]);
    assert!(errors.contains("executable file \"nothing\" not found in $PATH") && status == 1, "{status} {errors}");
    let (_, errors, _) = containerd.start(&["--rm"], "one", &["/etc"]);
    assert!(errors.contains("execute /etc: permission denied"), "{errors}");
    let terminal = [containerd.by_ours(&["--rm", "-t"], "two"), vec!["sh", "-c", "tty; exit 6"]].concat();
    assert_eq!(containerd.room.on_terminal("ctr", &containerd.words(&terminal), "/dev/pts/0"), 6);

    let script = "trap 'exit 3' TERM; while :; do sleep 0.05; done";
    assert_eq!(containerd.start(&["-d"], "box", &["sh", "-c", script]).2, 0);
    let exec = ["tasks", "exec", "--exec-id", "e1", "box", "sh", "-c", "echo in; exit 4"];
    assert_eq!(containerd.run(&exec), ("in\n".into(), String::new(), 4));
    let exec = ["tasks", "exec", "-t", "--exec-id", "e2", "box", "tty"];
    assert_eq!(containerd.room.on_terminal("ctr", &containerd.words(&exec), "/dev/pts/0"), 0);
    assert!(containerd.ok(&["tasks", "ps", "box"]).lines().count() >= 2);
    if containerd.room.has_cgroups() {
        containerd.ok(&["tasks", "pause", "box"]);
        assert_eq!(containerd.status("box"), "PAUSED");
        containerd.ok(&["tasks", "resume", "box"]);
    }
    assert_eq!(containerd.status("box"), "RUNNING");
    let mut signal = vec!["TERM"];
    for (flags, status) in [(vec![], 3), (vec!["--all"], 137)] {
        let kill = [vec!["tasks", "kill", "-s", signal[0]], flags, vec!["box"]].concat();
        containerd.ok(&kill);
        await_some("its end", || (containerd.status("box") == "STOPPED").then_some(()));
        let (_, errors, _) = containerd.run(&["tasks", "delete", "box"]);
        assert!(errors.contains(&format!("exit code {status}")), "{errors}");
        containerd.ok(&["containers", "rm", "box"]);
        if status == 3 {
            signal = vec!["KILL"];
            assert_eq!(containerd.start(&["-d"], "box", &["sh", "-c", "sleep 1000 & wait"]).2, 0);
        }
    }
    assert_eq!(containerd.ok(&["containers", "ls", "-q"]), "");
    await_some("the end of all shims", || containerd.room.is_empty_but(&["containerd"]).then_some(()));
}
