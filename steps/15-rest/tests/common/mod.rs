//! A world in which podling's service listens, and clients of it.
#![allow(dead_code, reason = "no test uses all of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use support::image::BUSYBOX;
use support::{World, busybox_archive, observe};

/// A user with a service on a socket. Its containers and the service end with it.
pub struct Service {
    pub world: World,
    pub child: Child,
    pub socket: PathBuf,
}

impl Service {
    /// On the user's own socket, without an image.
    pub fn empty() -> Service {
        Service::start(World::new(), &["--time", "0"])
    }

    /// The same, with busybox in the store.
    pub fn new() -> Service {
        let world = World::new();
        let archive = busybox_archive(&world);
        world.command("rest").args(["load", "-q", "-i"]).arg(archive).assert().success();
        Service::start(world, &["--time", "0"])
    }

    pub fn start(world: World, arguments: &[&str]) -> Service {
        let socket = world.run().join("podling/podling.sock");
        let mut command = world.process("rest");
        command.args(["system", "service"]).args(arguments).stdin(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        observe::await_some("the service's socket", || socket.exists().then_some(()));
        Service { world, child, socket }
    }

    /// `METHOD PATH` with a body, by curl: the status, and what comes.
    pub fn curl(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.curl_with(&["-X", method, "-d", body, &format!("http://localhost{path}")])
    }

    /// The same, without a body.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.curl_with(&[&format!("http://localhost{path}")])
    }

    /// curl with these arguments.
    pub fn curl_with(&self, arguments: &[&str]) -> (u16, String) {
        let mut command = self.world.process("curl");
        command
            .args(["-sS", "--max-time", "30", "--path-as-is", "-w", "\n%{http_code}", "--unix-socket"])
            .arg(&self.socket);
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "curl {arguments:?}: {}", text(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_string())
    }

    /// A document that has to come.
    pub fn document(&self, method: &str, path: &str, body: &str) -> serde_json::Value {
        let (status, text) = if method == "GET" { self.get(path) } else { self.curl(method, path, body) };
        assert!((200..300).contains(&status), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{method} {path}: {error}: {text}"))
    }

    /// A new container of busybox; its id.
    pub fn container(&self, name: &str, command: &[&str]) -> String {
        let body = serde_json::json!({ "Image": BUSYBOX, "Cmd": command });
        let made = self.document("POST", &format!("/containers/create?name={name}"), &body.to_string());
        made["Id"].as_str().unwrap().to_string()
    }

    /// A client's program, told where we are.
    pub fn client(&self, program: &Path, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// The same, still to be started.
    pub fn command(&self, program: &Path) -> std::process::Command {
        let mut command = self.world.process("timeout");
        command.args(["30"]).arg(program).env("DOCKER_HOST", format!("unix://{}", self.socket.display()));
        command
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.world.process("rest").args(["rm", "--all", "--force", "--time", "0"]).output();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Standard output and error, and the status unless it is 0.
pub fn text(output: &Output) -> String {
    let text = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    match output.status.code() {
        Some(0) => text,
        code => format!("{text}[exit {}]\n", code.unwrap_or(-1)),
    }
}

/// Docker's clients on this machine: the distribution's has to be there.
pub fn docker() -> Vec<PathBuf> {
    let ours = PathBuf::from("/usr/bin/docker");
    assert!(ours.exists(), "docker is missing; run: scripts/setup --dev (Debian: apt-get install docker.io)");
    [ours, "/usr/local/bin/docker".into()].into_iter().filter(|path| path.exists()).collect()
}

/// What is in the pieces of a stream of two: `out: ...` and `err: ...`.
pub fn frames(bytes: &[u8]) -> String {
    let (mut rest, mut shown) = (bytes, String::new());
    while let [stream, 0, 0, 0, a, b, c, d, after @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let name = if *stream == 1 { "out" } else { "err" };
        shown += &format!("{name}: {}", String::from_utf8_lossy(&after[..length]));
        rest = &after[length..];
    }
    assert!(rest.is_empty(), "{rest:?}");
    shown
}
