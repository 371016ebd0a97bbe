//! A user's Quadlet files, and the generator.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::World;

pub struct Generator {
    pub world: World,
}

impl Generator {
    pub fn new() -> Generator {
        let world = World::new();
        world.dir("units");
        world.dir("out");
        Generator { world }
    }

    /// Writes one of the user's files.
    pub fn file(&self, name: &str, text: &str) {
        self.world.write(Path::new("units").join(name), text);
    }

    fn command(&self) -> Command {
        self.command_of("podling-user-generator")
    }

    fn command_of(&self, name: &str) -> Command {
        let mut command = self.world.process("systemd");
        command
            .arg0(format!("/usr/lib/systemd/{name}"))
            .current_dir(self.world.root().join("out"))
            .env("QUADLET_UNIT_DIRS", self.world.root().join("units"))
            .env("PODMAN", "/usr/bin/true");
        command
    }

    /// What it says, all of it, and its exit status unless it is 0.
    pub fn run(&self, args: &[&str], env: &[(&str, &str)]) -> String {
        said(&self.command().args(args).envs(env.iter().copied()).output().unwrap())
    }

    /// The same of the system's generator.
    pub fn run_system(&self, args: &[&str], env: &[(&str, &str)]) -> String {
        said(&self.command_of("podling-system-generator").args(args).envs(env.iter().copied()).output().unwrap())
    }

    /// What it would make.
    pub fn dry_run(&self, args: &[&str]) -> String {
        let out = self.command().arg("-dryrun").args(args).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap()
    }

    /// As systemd calls it.
    pub fn generate(&self) -> Output {
        let directories = ["normal", "early", "late"].map(|name| self.world.root().join(name));
        self.command().arg("-no-kmsg-log").args(directories).output().unwrap()
    }

    pub fn normal(&self) -> PathBuf {
        self.world.root().join("normal")
    }

    /// The files and links that it made.
    pub fn made_names(&self) -> String {
        let list = "find normal early late ! -type d 2>/dev/null | sort | while read -r file; do \
                    echo \"$file$([ -L \"$file\" ] && echo \" -> $(readlink \"$file\")\")\"; done";
        let out = Command::new("sh").args(["-c", list]).current_dir(self.world.root()).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    }

    /// The same, and what is in the files.
    pub fn made(&self) -> String {
        let mut made = self.made_names();
        for name in self.made_names().lines().filter(|line| !line.contains(" -> ")) {
            let text = fs::read_to_string(self.world.root().join(name)).unwrap();
            made += &format!("\n=== {name}\n{text}");
        }
        made
    }

    /// What systemd has to say about some of the services.
    pub fn verify(&self, names: &[&str]) -> String {
        let services = names.iter().map(|name| self.normal().join(format!("{name}.service")));
        let path = format!("{}:", self.normal().display());
        let late = format!("{}:{path}", self.world.root().join("late").display());
        let mut command = self.world.process("systemd-analyze");
        let out = command
            .args(["--user", "--man=no", "verify"])
            .args(services)
            .env("SYSTEMD_UNIT_PATH", late)
            .output()
            .unwrap();
        said(&out)
    }
}

/// Standard output and error, without process ids, and the exit status unless it is 0.
pub fn said(out: &Output) -> String {
    let text = String::from_utf8_lossy(&[out.stdout.clone(), out.stderr.clone()].concat()).into_owned();
    let lines = text.lines().map(|line| match line.split_once("]: ") {
        Some((before, after)) if before.starts_with("quadlet-generator[") => format!("quadlet-generator: {after}\n"),
        _ => format!("{line}\n"),
    });
    let text: String = lines.collect();
    match out.status.code() {
        Some(0) => text,
        code => format!("{text}[exit {}]\n", code.unwrap_or(-1)),
    }
}
