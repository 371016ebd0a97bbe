//! Where it happens: a user's world, its containers, and what can be seen of them from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::image::BUSYBOX;
use support::observe::{self, await_some, cmdline, mounts_below, processes_of};
use support::{Registry, World, busybox_archive};

use crate::random::Random;
use crate::{Certain, free};

/// No command may take longer, on a busy machine.
const LONGEST: Duration = Duration::from_secs(40);

pub struct Ground {
    world: World,
    registry: Option<Registry>,
}

impl Ground {
    pub fn new() -> Ground {
        let world = World::new();
        let archive = busybox_archive(&world);
        world.command("podling").args(["load", "-q", "-i"]).arg(&archive).assert().success();
        Ground { world, registry: None }
    }

    pub fn with_registry() -> Ground {
        let mut ground = Ground::new();
        let registry = Registry::of(&ground.world).start();
        registry.trust(&ground.world);
        registry.push(&ground.world, &busybox_archive(&ground.world), "box:latest");
        // What pushed it leaves a note.
        fs::remove_file(ground.world.root().join("tmp/digest-box-latest")).unwrap();
        ground.registry = Some(registry);
        ground
    }

    /// Into the log, whether the test fails or not.
    pub fn tell(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "faults: {text}");
    }

    /// Ports that are free.
    pub fn ports(&self, count: usize) -> Vec<u16> {
        let listeners: Vec<_> = (0..count).map(|_| TcpListener::bind("0.0.0.0:0").unwrap()).collect();
        listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
    }

    pub fn start(&self, words: &[&str]) -> Child {
        let mut command = self.world.process("podling");
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// One of the story's commands.
    pub fn choose(&self, random: &mut Random, name: &str, volume: &str, port: u16) -> Vec<String> {
        let (mount, publish) = (format!("{volume}:/data"), format!("{port}:80"));
        let remote = format!("{}/box", self.registry.as_ref().unwrap().address());
        let serve = "trap exit TERM; while :; do echo here | nc -l -p 80; done";
        let lines: [&[&str]; 12] = [
            &["run", "-d", "--name", name, "-p", &publish, BUSYBOX, "sh", "-c", serve],
            &["run", "-d", "--name", name, "-v", &mount, "--network", "none", BUSYBOX, "sleep", "1000"],
            &["run", "-d", "--name", name, "--restart", "always", "--network", "none", BUSYBOX, "sleep", "0.1"],
            &["run", "--rm", "-v", &mount, "--network", "none", BUSYBOX, "touch", "/data/file"],
            &["exec", name, "echo", "here"],
            &["start", name],
            &["stop", "-t", "0", name],
            &["restart", "-t", "0", name],
            &["rm", "-f", "-t", "0", name],
            &["pull", "-q", &remote],
            &["rmi", "-f", &remote],
            match random.below(2) {
                0 => &["volume", "create", volume],
                _ => &["volume", "rm", volume],
            },
        ];
        lines[random.below(lines.len())].iter().map(|word| (*word).to_string()).collect()
    }

    /// All processes of ours: their names, and their ids.
    pub fn processes(&self) -> Vec<(String, u32)> {
        let registry = self.world.root().join("registry").display().to_string();
        let mine = processes_of(self.world.root()).into_iter();
        mine.filter_map(|pid| {
            let words = cmdline(pid);
            let name = Path::new(words.first()?).file_name()?.to_str()?.to_string();
            let verb = words.get(1).filter(|_| name == "podling").cloned().unwrap_or_default();
            let ours = !words.iter().any(|word| word.starts_with(&registry));
            ours.then(|| (format!("{name} {verb}").trim_end().to_string(), pid))
        })
        .collect()
    }

    /// Its exit status; `None` for who was killed.
    pub fn wait(&self, child: &mut Child, words: &[String]) -> Option<i32> {
        let end = Instant::now() + LONGEST;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            if Instant::now() > end {
                let processes: Vec<_> = self.processes();
                panic!("{words:?} does not end; there are {processes:?}");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What a command says, which has to succeed whatever was killed before.
    fn say(&self, words: &[&str]) -> String {
        let output = self.world.command("podling").args(words).timeout(LONGEST).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// All containers by name.
    pub fn states(&self) -> BTreeMap<String, String> {
        let text = self.say(&["ps", "-a", "--format", "{{.Names}} {{.State}}"]);
        let pairs = text.lines().map(|line| line.split_once(' ').unwrap());
        let states: BTreeMap<_, _> = pairs.map(|(name, state)| (name.to_string(), state.to_string())).collect();
        assert_eq!(states.len(), text.lines().count(), "a name is there twice: {text}");
        states
    }

    pub fn await_answer(&self, port: u16) {
        await_some("an answer", || {
            let mut answer = String::new();
            TcpStream::connect(("127.0.0.1", port)).ok()?.read_to_string(&mut answer).ok()?;
            (answer == "here\n").then_some(())
        });
    }

    /// The next command tells the truth.
    pub fn check(&self, what: &str, containers: &Certain, volumes: &Certain) {
        let states = self.states();
        for (name, there) in containers {
            assert_eq!(states.contains_key(*name), *there, "{what}: {name} in {states:?}");
        }
        let names = self.say(&["volume", "ls", "-q"]);
        let names: BTreeSet<&str> = names.lines().collect();
        for (name, there) in volumes {
            assert_eq!(names.contains(name), *there, "{what}: {name} in {names:?}");
        }
        for (name, _) in states.iter().filter(|(_, state)| *state == "running") {
            // It may end between two questions; then the next answer is another one.
            await_some(&format!("the truth about {name} after {what}"), || {
                let mut inspect = self.world.command("podling");
                let output =
                    inspect.args(["inspect", "-f", "{{.State.Running}} {{.State.Pid}}", name]).output().unwrap();
                let text = String::from_utf8(output.stdout).unwrap();
                if !output.status.success() {
                    return Some(());
                }
                let (running, pid) = text.trim().split_once(' ')?;
                (running == "false" || observe::runs(pid.parse().unwrap())).then_some(())
            });
        }
    }

    /// All is removed, and nothing is left.
    pub fn end(mut self, ports: &[u16]) {
        let _ = self.world.command("podling").args(["rm", "-f", "-a", "-t", "0"]).output().unwrap();
        assert_eq!(self.states(), BTreeMap::new());
        let _ = self.say(&["volume", "prune", "-f"]);
        for name in self.say(&["volume", "ls", "-q"]).lines() {
            let _ = self.say(&["volume", "rm", name]);
        }
        assert_eq!(self.say(&["run", "--rm", "--network", "none", BUSYBOX, "echo", "as before"]), "as before\n");
        let _ = self.say(&["rmi", "-f", "-a"]);
        self.registry = None;
        await_some("the end of all processes", || self.processes().is_empty().then_some(()));
        assert_eq!(mounts_below(self.world.root()).len(), 0);
        for port in ports {
            assert!(free(*port), "port {port}");
        }
        let left = |directory: &Path| {
            let found =
                Command::new("find").arg(directory).args(["-mindepth", "1", "-printf", "%P\n"]).output().unwrap();
            String::from_utf8(found.stdout).unwrap()
        };
        assert_eq!(left(&self.world.root().join("tmp")), "", "$TMPDIR");
        let data = self.world.data().join("podling");
        let ours = ["containers", "running", "container-names", "tmp", "volumes"];
        for directory in ours.iter().chain(&["images", "names", "layers/sha256", "blobs/sha256"]) {
            assert_eq!(left(&data.join(directory)), "", "{directory}");
        }
        let user = &support::user().name;
        let groups =
            Command::new("find").args(["/sys/fs/cgroup", "-name", "podling-*", "-user", user]).output().unwrap();
        assert_eq!(String::from_utf8(groups.stdout).unwrap(), "", "cgroups");
    }
}
