//! Another OCI runtime in the place of the one that is built in: `--runtime`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use support::observe::{await_end, await_some, kill, runs, status};
use support::pty::Terminal;
use support::{World, busybox_archive, user};

/// An engine that lets another runtime make its containers.
struct Other {
    world: World,
    runtime: String,
}

impl Other {
    fn new(runtime: &str) -> Other {
        let world = World::new();
        let runtime = world.process(runtime).get_program().to_str().unwrap().to_owned();
        let archive = busybox_archive(&world);
        let other = Other { world, runtime };
        other.ok(&["load", "-i", archive.to_str().unwrap()]);
        other
    }

    /// crun wants no tree of cgroups beside those of the first version; where there is one, it is hidden.
    fn command(&self, program: &str, words: &[&str]) -> Command {
        let podling = self.world.process(program);
        let mut command = Command::new("unshare");
        let script = "[ ! -d /sys/fs/cgroup/unified ] || mount -t tmpfs none /sys/fs/cgroup/unified; exec \"$@\"";
        let (uid, gid) = (format!("--reuid={}", user().uid), format!("--regid={}", user().gid));
        match user().drop {
            true => command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh", "setpriv"]),
            false => command.args(["env", "--"]),
        };
        if user().drop {
            command.args([&uid, &gid, "--clear-groups"]);
        }
        command.arg(podling.get_program()).args(words).env_clear();
        command.envs(podling.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(podling.get_current_dir().unwrap());
        command
    }

    fn words<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        [&["--runtime", &self.runtime], words].concat()
    }

    /// Its output, its errors, its status.
    fn run(&self, words: &[&str]) -> (String, String, i32) {
        let output = self.command("podling", &self.words(words)).stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
    }

    fn ok(&self, words: &[&str]) -> String {
        let (out, errors, status) = self.run(words);
        assert_eq!(status, 0, "{words:?}: {errors}");
        out
    }

    fn inspect(&self, format: &str) -> String {
        self.ok(&["inspect", "--format", format, "box"]).trim_end().to_owned()
    }

    fn pid(&self, field: &str) -> u32 {
        self.inspect(&format!("{{{{.State.{field}}}}}")).parse().unwrap()
    }

    fn waited_for(&self) {
        let run = |words: &[&str]| self.run(&[&["run", "--rm", "--network=none", "busybox"], words].concat());
        assert_eq!(run(&["echo", "hi"]), ("hi\n".into(), String::new(), 0));
        assert_eq!(run(&["sh", "-c", "echo no >&2; exit 7"]), (String::new(), "no\n".into(), 7));
        let (_, errors, status) = run(&["nothing"]);
        let name = Path::new(&self.runtime).file_name().unwrap().to_str().unwrap();
        assert!(errors.starts_with(&format!("Error: {name}: executable file ")), "{errors}");
        assert!(errors.contains("OCI runtime attempted to invoke a command that was not found"), "{errors}");
        assert_eq!((status, run(&["/etc"]).2), (127, 126));
        // The network, and another user's eyes.
        let seen =
            self.ok(&["run", "--rm", "--userns=keep-id", "busybox", "sh", "-c", "id -u; ip link show eth0 | wc -l"]);
        assert_eq!(seen, format!("{}\n2\n", user().uid));
        let shown = ["run", "--rm", "--network=none", "--read-only", "--tmpfs=/x", "--hostname=other", "busybox"];
        let script = ["sh", "-c", "hostname; touch /x/file && ! touch /file 2>/dev/null; cat /proc/1/comm; true"];
        assert_eq!(self.ok(&[&shown[..], &script].concat()), "other\nsh\n");
        let words =
            self.words(&["run", "--rm", "-it", "--network=none", "busybox", "sh", "-c", "stty size; tty; exit 5"]);
        let mut terminal = Terminal::of(&self.command("podling", &words));
        terminal.expect("24 80\n/dev/pts/0\n");
        assert_eq!(terminal.wait().code(), Some(5));
        let again = [
            "run",
            "--name=again",
            "--restart=on-failure:2",
            "--network=none",
            "busybox",
            "sh",
            "-c",
            "echo x; exit 1",
        ];
        assert_eq!(self.run(&again), ("x\nx\nx\n".into(), String::new(), 1));
        self.ok(&["rm", "again"]);
    }

    fn left_alone(&self) {
        let script = "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done";
        self.ok(&["run", "-d", "--name=box", "--network=none", "busybox", "sh", "-c", script]);
        await_some("the first word", || (self.ok(&["logs", "box"]) == "up\n").then_some(()));
        let name = Path::new(&self.runtime).file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(self.inspect("{{.OCIRuntime}} {{.State.Status}}"), format!("{name} running"));
        assert_eq!(self.run(&["exec", "box", "sh", "-c", "echo in; exit 4"]), ("in\n".into(), String::new(), 4));
        assert_eq!(
            self.run(&["exec", "-u", "user", "-w", "/tmp", "-e", "A=b", "box", "sh", "-c", "id -u; pwd; echo $A"]).0,
            "1000\n/tmp\nb\n"
        );
        assert_eq!(self.run(&["exec", "box", "nothing"]).2, 127);
        let mut terminal = Terminal::of(&self.command("podling", &self.words(&["exec", "-it", "box", "sh"])));
        terminal.send("tty; stty size; exit 6\r");
        terminal.expect("/dev/pts/0\n24 80\n");
        assert_eq!(terminal.wait().code(), Some(6));
        self.ok(&["exec", "-d", "box", "sleep", "1000"]);

        // The walls, from outside: as those of ours.
        self.ok(&["--runtime=podling", "run", "-d", "--name=ours", "--network=none", "busybox", "sleep", "1000"]);
        let ours: u32 = self.ok(&["inspect", "--format", "{{.State.Pid}}", "ours"]).trim().parse().unwrap();
        for field in ["CapEff", "CapBnd", "CapPrm", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp", "Uid", "Gid", "Groups"]
        {
            assert_eq!(status(self.pid("Pid")).get(field), status(ours).get(field), "{field}");
        }
        self.ok(&["rm", "-f", "-t", "0", "ours"]);

        self.ok(&["stop", "box"]);
        assert_eq!(self.ok(&["logs", "box"]), "up\nbye\n");
        assert_eq!(self.inspect("{{.State.Status}} {{.State.ExitCode}}"), "exited 3");
        self.ok(&["start", "box"]);
        // Nobody dies with its monitor, but the next command ends it.
        let (monitor, first) = (self.pid("ConmonPid"), self.pid("Pid"));
        kill(monitor, 9);
        await_end(monitor);
        assert!(self.ok(&["ps", "-a", "--format", "{{.Status}}"]).starts_with("Exited (137)"));
        await_end(first);
        self.ok(&["start", "box"]);
        self.ok(&["kill", "box"]);
        self.ok(&["rm", "-f", "box"]);
        assert_eq!(self.ok(&["ps", "-aq"]), "");
        assert_eq!(fs::read_dir(self.world.data().join("podling/containers")).unwrap().count(), 0);
    }
}

#[test]
fn crun_for_containers_that_are_waited_for() {
    Other::new("crun").waited_for();
}

#[test]
fn crun_for_containers_that_are_left_alone() {
    Other::new("crun").left_alone();
}

#[test]
fn our_own_as_another() {
    let other = Other::new("runtime");
    other.waited_for();
    other.left_alone();
}

/// Our own behind a script, which can do what a runtime does not.
fn scripted(script: &str) -> Other {
    let mut other = Other::new("runtime");
    let path = other.world.write("bin/scripted", format!("#!/bin/sh\n{script}\nexec {} \"$@\"\n", other.runtime));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    other.runtime = path.to_str().unwrap().to_owned();
    other
}

/// The container's first process is there and waits for the word, and nothing has been written of it yet.
#[test]
fn who_waits_for_the_word_is_found() {
    let other = scripted("case \" $* \" in *' start '*) kill -9 $PPID; exit 1;; esac");
    assert_eq!(other.run(&["run", "-d", "--name=box", "--network=none", "busybox", "sleep", "1000"]).2, 125);
    let mut places = fs::read_dir(other.world.data().join("podling/containers")).unwrap();
    let file = places.next().unwrap().unwrap().path().join("runtime/pid");
    let pid = fs::read_to_string(file).unwrap().trim().parse().unwrap();
    assert!(runs(pid));
    other.ok(&["ps", "-a"]);
    await_end(pid);
    other.ok(&["rm", "box"]);
}

/// A container can be ended without who made it.
#[test]
fn a_runtime_that_is_gone() {
    let other = scripted("");
    other.ok(&["run", "-d", "--name=box", "--network=none", "busybox", "sleep", "1000"]);
    let pid = other.pid("Pid");
    fs::remove_file(&other.runtime).unwrap();
    let ours = |words: &[&str]| other.ok(&[&["--runtime=podling"], words].concat());
    ours(&["stop", "-t", "0", "box"]);
    await_end(pid);
    ours(&["ps", "-a"]);
}

/// The flag, the user's file, and a name that nobody knows.
#[test]
fn who_chooses() {
    let world = World::new();
    let runtime = world.process("runtime").get_program().to_str().unwrap().to_owned();
    let name = |words: &[&str]| {
        let output =
            world.command("podling").args(words).args(["info", "-f", "{{.Host.OCIRuntime.Name}}"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    };
    assert_eq!(name(&[]), "podling");
    assert_eq!(name(&["--runtime", &runtime]), "runtime");
    let text = format!("[engine]\nruntime = \"mine\"\n[engine.runtimes]\nmine = [\"/nothing\", {runtime:?}]\n");
    world.write("home/.config/containers/containers.conf", text);
    assert_eq!((name(&[]).as_str(), name(&["--runtime=podling"]).as_str()), ("runtime", "podling"));
    world.write("home/.config/containers/containers.conf", "[engine]\nruntime = \"nobody\"\n");
    let refused = world.command("podling").args(["create", "hello"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(125));
    support::settings().bind(|| insta::assert_snapshot!("no_such_runtime", String::from_utf8_lossy(&refused.stderr)));
}
