//! A bundle that a test changes before it runs it.
#![allow(dead_code, reason = "each test uses its part")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use serde_json::{Value, json};
use support::World;
use support::observe::await_program;

/// A world with a bundle: what `runtime spec` wrote, and busybox.
pub struct Bundle {
    pub world: World,
    pub config: Value,
    dir: PathBuf,
}

impl Bundle {
    pub fn new() -> Bundle {
        let world = World::new();
        let dir = world.dir("bundle");
        fs::rename(world.busybox_rootfs(), dir.join("rootfs")).unwrap();
        world.command("runtime").arg("spec").current_dir(&dir).assert().success().stdout("").stderr("");
        let config = serde_json::from_slice(&fs::read(dir.join("config.json")).unwrap()).unwrap();
        Bundle { world, config, dir }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn args(mut self, args: &[&str]) -> Bundle {
        self.config["process"]["args"] = json!(args);
        self
    }

    pub fn shell(self, script: &str) -> Bundle {
        self.args(&["sh", "-c", script])
    }

    /// Sets what is at a JSON pointer whose parent is there; `null` removes it.
    pub fn with(mut self, pointer: &str, value: Value) -> Bundle {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = self.config.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => parent.remove(name),
            value => parent.insert(name.into(), value),
        };
        self
    }

    /// Removes a kind of namespace.
    pub fn without_namespace(mut self, kind: &str) -> Bundle {
        self.config["linux"]["namespaces"].as_array_mut().unwrap().retain(|namespace| namespace["type"] != kind);
        self
    }

    pub fn write(&self) -> &Bundle {
        self.world.write("bundle/config.json", self.config.to_string());
        self
    }

    /// `runtime run --bundle DIR box`.
    pub fn run(&self) -> String {
        self.write();
        self.run_id("box")
    }

    pub fn run_id(&self, id: impl AsRef<OsStr>) -> String {
        let run = |id: &OsStr| self.world.command("runtime").args(["run", "--bundle"]).arg(&self.dir).arg(id).output();
        told(run(id.as_ref()).unwrap())
    }

    /// Any other command line of the runtime's; without a terminal and without input. What it writes goes to files, for the
    /// program that it starts may have them open longer than it itself.
    pub fn runtime(&self, args: &[&str]) -> String {
        let (out, errors) = (self.dir.join("out"), self.dir.join("errors"));
        let mut command = self.world.process("runtime");
        command.args(args).current_dir(&self.dir).stdin(Stdio::null());
        command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&errors).unwrap());
        let status = command.status().unwrap();
        told(Output { status, stdout: fs::read(out).unwrap(), stderr: fs::read(errors).unwrap() })
    }

    /// `create`, which has to succeed.
    pub fn create(&self, id: &str) {
        self.write();
        assert_eq!(self.runtime(&["create", id]), "");
    }

    /// What `state` says, or null.
    pub fn state(&self, id: &str) -> Value {
        serde_json::from_str(&self.runtime(&["state", id])).unwrap_or_default()
    }

    pub fn status(&self, id: &str) -> String {
        self.state(id)["status"].as_str().unwrap_or("none").to_owned()
    }

    /// Waits until it is in this state.
    pub fn await_status(&self, id: &str, status: &str) {
        support::observe::await_some(status, || (self.status(id) == status).then_some(()));
    }

    /// The ids of what the runtime still knows.
    pub fn left(&self) -> Vec<String> {
        let ids = fs::read_dir(self.world.run().join("podling-runtime")).into_iter().flatten().flatten();
        ids.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    /// The container with `sleep` in it.
    pub fn sleep(self) -> Sleeper {
        let bundle = self.args(&["sleep", "1000"]);
        bundle.write();
        let mut command = bundle.world.process("runtime");
        command.args(["run", "--bundle"]).arg(&bundle.dir).arg("box").stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().unwrap();
        let pid = await_program(child.id(), &["sleep", "1000"]);
        Sleeper { child, pid, bundle }
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        for id in self.left() {
            let _ = self.world.command("runtime").args(["delete", "--force", &id]).output();
        }
    }
}

/// A running container; it ends with this.
pub struct Sleeper {
    pub child: Child,
    /// The program's, outside.
    pub pid: u32,
    pub bundle: Bundle,
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        support::observe::await_end(self.pid);
    }
}

/// Output, errors, and the exit status when it is not 0.
pub fn told(output: Output) -> String {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let end = match output.status.code().unwrap() {
        0 => String::new(),
        code => format!("[exit {code}]\n"),
    };
    format!("{}{}{end}", text(output.stdout), text(output.stderr))
}
