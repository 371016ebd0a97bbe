//! A room: mounts, network, processes, a run directory and a cgroup (v2) of its own, for daemons of root's. Nothing of them is
//! left when it is gone. Tests that are not run by root make it in a user namespace, where it has no cgroup.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use support::World;
use support::observe::{await_some, descendants, status};
use support::pty::Terminal;

/// A room.
pub struct Room {
    /// Where its files are.
    pub world: World,
    /// The path of our runtime.
    pub runtime: String,
    outside: Child,
    door: Option<ChildStdin>,
    /// Its process 1.
    init: u32,
}

impl Room {
    /// Makes one, in which `services`, a script, has been run; in its directory, `$ROOM`.
    pub fn new(services: &str) -> Room {
        let world = World::new();
        let runtime = world.process("runtime").get_program().to_str().expect("a path is text").to_owned();
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/room");
        let inside = world.write("inside.sh", fs::read(scripts.join("inside.sh")).expect("read a script"));
        let outside = world.write("outside.sh", fs::read(scripts.join("outside.sh")).expect("read a script"));
        let name = world.root().file_name().and_then(|name| name.to_str()).expect("a name");
        let mut command = match is_root() {
            true => Command::new("unshare"),
            false => Command::new("bash"),
        };
        if is_root() {
            command.args(["--mount", "--propagation", "private", "bash"]);
        }
        command.arg(outside).env("CGROUP", if is_root() { name } else { "" }).env("INSIDE", inside);
        command.env("ROOM", world.root().join("room")).env("SERVICES", services.replace("RUNTIME", &runtime));
        let errors = File::create(world.root().join("room.log")).expect("make a log");
        let log = errors.try_clone().expect("duplicate it");
        let mut child = command.stdin(Stdio::piped()).stdout(log).stderr(errors).spawn().expect("start bash");
        let door = child.stdin.take();
        let is_first = |pid: &u32| {
            let numbers = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            numbers.lines().any(|line| line.starts_with("NSpid:") && line.ends_with("\t1"))
        };
        let mut room = Room { world, runtime, outside: child, door, init: 0 };
        room.init = await_some("a room", || {
            let ended = room.outside.try_wait().expect("wait for a room");
            assert!(ended.is_none(), "no room: {}", room.log());
            room.path("ready").exists().then(|| descendants(room.outside.id()).into_iter().find(is_first))?
        });
        room
    }

    /// A file in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.world.root().join("room").join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.world.root().join("room.log")).unwrap_or_default()
    }

    /// A command in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.init)).args(["--mount", "--net", "--pid"]);
        match is_root() {
            true => command.arg("--cgroup"),
            false => command.args(["--user", "--preserve-credentials"]),
        };
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", self.path("")).env("LANG", "C.UTF-8").arg("--");
        if is_root() {
            // As if it had been started there.
            command.args(["sh", "-c", "echo 0 >/sys/fs/cgroup/daemons/cgroup.procs; exec \"$0\" \"$@\""]);
        }
        command.arg(program);
        command
    }

    /// What a command in it writes, its errors, its status.
    pub fn run(&self, program: &str, words: &[&str]) -> (String, String, i32) {
        // In files: what it leaves behind may have them open for longer.
        let path = |name: &str| self.world.root().join(name);
        let create = |name: &str| Stdio::from(File::create(path(name)).expect("make a file"));
        let mut command = self.command(program);
        command.args(words).stdin(Stdio::null()).stdout(create("out")).stderr(create("errors"));
        let status = command.status().expect("run nsenter");
        let read = |name: &str| String::from_utf8_lossy(&fs::read(path(name)).expect("read a file")).into_owned();
        (read("out"), read("errors"), status.code().unwrap_or(-1))
    }

    /// The same for what has to succeed: what it writes.
    pub fn ok(&self, program: &str, words: &[&str]) -> String {
        let (out, errors, status) = self.run(program, words);
        assert_eq!(status, 0, "{program} {words:?}: {out}{errors}{}", self.log());
        out
    }

    /// Its status, of a command that writes `text` on its terminal.
    pub fn on_terminal(&self, program: &str, words: &[&str], text: &str) -> i32 {
        let mut command = self.command(program);
        command.args(words);
        let mut terminal = Terminal::of(&command);
        terminal.expect(text);
        terminal.wait().code().unwrap_or(-1)
    }

    /// Whether containers in it have cgroups of their own.
    pub fn has_cgroups(&self) -> bool {
        is_root()
    }

    /// Whether nobody is in it but those that it was made with.
    pub fn is_empty_but(&self, services: &[&str]) -> bool {
        let known = |pid: &u32| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            services.contains(&name.trim())
        };
        descendants(self.init).iter().all(known)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What it waits for is our closing the door.
        drop(self.door.take());
        let _ = self.outside.wait();
    }
}

fn is_root() -> bool {
    status(std::process::id()).get("Uid").is_some_and(|ids| ids.starts_with("0 "))
}
