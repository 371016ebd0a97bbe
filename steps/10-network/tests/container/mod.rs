//! A container of this step that sleeps, and programs of the host that talk in its network or beside it.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::process::{Child, Stdio};

use support::World;
use support::observe::{await_program, await_some, descendants, kill, processes_of};

/// A container whose program is `sleep`.
pub struct Container {
    pub world: World,
    pub child: Child,
    /// The program in it.
    pub pid: u32,
}

impl Container {
    /// `network run --rootfs ROOTFS ARGS sleep`, when it sleeps.
    pub fn start(args: &[&str]) -> Container {
        Container::start_in(World::new(), args)
    }

    pub fn start_in(world: World, args: &[&str]) -> Container {
        let rootfs = world.busybox_rootfs();
        let mut command = world.process("network");
        command.args(["run", "--rootfs"]).arg(rootfs).args(args).args(["sleep", "1000"]);
        let child = command.spawn().expect("run network");
        let pid = await_program(child.id(), &["sleep"]);
        Container { world, child, pid }
    }

    /// pasta's process.
    pub fn pasta(&self) -> u32 {
        let is = |pid: &u32| support::observe::cmdline(*pid).first().is_some_and(|name| name.ends_with("pasta"));
        descendants(self.child.id()).into_iter().find(is).expect("pasta runs")
    }

    /// A program of the host in the container's network.
    pub fn peer(&self, args: &[&str]) -> Peer {
        let peer = self.world.process("network-peer").get_program().to_owned();
        let mut command = self.world.process("nsenter");
        command.args(["--preserve-credentials", "-U", "-n", "-t"]).arg(self.pid.to_string()).arg(peer);
        Peer::start(command.args(args))
    }

    /// What a program of the host is told in the container's network, or why nothing.
    pub fn ask(&self, args: &[&str]) -> String {
        self.peer(args).told()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        kill(self.child.id(), 9);
        let _ = self.child.wait();
        let root = self.world.root().to_owned();
        await_some("the end of all its processes", || processes_of(&root).is_empty().then_some(()));
    }
}

/// `network-peer`.
pub struct Peer(Child);

impl Peer {
    fn start(command: &mut std::process::Command) -> Peer {
        Peer(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("run a peer"))
    }

    /// On the host, as the user.
    pub fn on_host(world: &World, args: &[&str]) -> Peer {
        Peer::start(world.process("network-peer").args(args))
    }

    /// Waits until it listens.
    pub fn ready(mut self) -> Peer {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{:?}", self.complaint());
        self
    }

    fn complaint(&mut self) -> String {
        let mut text = String::new();
        let _ = self.0.stderr.take().unwrap().read_to_string(&mut text);
        text
    }

    /// All it prints until it ends; its complaint when it fails.
    pub fn told(mut self) -> String {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let complaint = self.complaint();
        match self.0.wait().unwrap().success() {
            true => text,
            false => complaint,
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port of the host that is free for both protocols.
pub fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if UdpSocket::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

/// The host's address towards the outside.
pub fn outward() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("198.51.100.1:9").expect("pasta needs a route to somewhere, and this machine has none");
    socket.local_addr().unwrap().ip()
}

/// The gateway of the default route.
pub fn gateway() -> IpAddr {
    let routes = std::fs::read_to_string("/proc/net/route").unwrap();
    let line = routes.lines().map(|line| line.split('\t').collect::<Vec<_>>()).find(|line| line[1] == "00000000");
    let hex = line.expect("pasta needs a default route, and this machine has none")[2].to_string();
    IpAddr::from(u32::from_str_radix(&hex, 16).unwrap().to_ne_bytes())
}
