//! What the kernel says about the program, from outside and from inside.

use std::fs;
use std::process::{Child, Stdio};

use insta::assert_snapshot;
use support::{World, observe, rootless, settings, user};

/// A program that runs in namespaces: the runner, and its process id outside.
struct Running(Child, u32);

impl Running {
    fn start(world: &World, options: &[&str]) -> Running {
        let mut command = world.process("namespaces");
        let command = command.arg("run").args(options).args(["sleep", "4255"]);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let program = observe::await_program(child.id(), &["sleep", "4255"]);
        Running(child, program)
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.1)).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        observe::await_end(self.1);
    }
}

fn inside(script: &str) -> String {
    let output = rootless("namespaces").args(["run", "sh", "-c", script]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_namespace_is_its_own() {
    let world = World::new();
    let running = Running::start(&world, &[]);
    assert_eq!(observe::own_namespaces(running.1), observe::NAMESPACES);
    let status = observe::status(running.1);
    assert_eq!(status["NSpid"], format!("{} 1", running.1));
    // The runner itself stays where it is.
    assert_eq!(observe::own_namespaces(running.0.id()), Vec::<&str>::new());
}

#[test]
fn the_network_may_be_the_hosts() {
    let world = World::new();
    let running = Running::start(&world, &["--network", "host"]);
    assert_eq!(observe::own_namespaces(running.1), ["cgroup", "ipc", "mnt", "pid", "user", "uts"]);
    let running = Running::start(&world, &["--net=none"]);
    assert!(observe::own_namespaces(running.1).contains(&"net"));
}

/// Inside 0 is the caller, 1 and up are its subordinate ids; the caller's own number is somebody else.
#[test]
fn ids_inside_and_outside() {
    let world = World::new();
    let running = Running::start(&world, &[]);
    let user = user();
    let map = |id: u32, (first, count): (u32, u32)| [[0, id.into(), 1], [1, first.into(), count.into()]];
    assert_eq!(observe::uid_map(running.1)[..2], map(user.uid, user.subuid));
    assert_eq!(observe::gid_map(running.1)[..2], map(user.gid, user.subgid));
    // The helper of the system wrote the map; it checks who may leave which group.
    assert_eq!(running.file("setgroups"), "allow\n");
    let status = observe::status(running.1);
    assert_eq!(status["Uid"], vec![user.uid.to_string(); 4].join(" "));
}

#[test]
fn root_inside() {
    let mut settings = settings();
    // The groups of whoever runs the tests are nobody's here.
    settings.add_filter(r",65534\(\w+\)", "");
    settings.add_filter(r"(\[SUBUID\]) \d+", "$1 [COUNT]");
    settings.bind(|| {
        assert_snapshot!("id", inside("id"));
        assert_snapshot!("uid_map", inside("sed 's/  */ /g; 2q' /proc/self/uid_map"));
    });
}

#[test]
fn files_of_other_ids() {
    let world = World::new();
    let script = "touch mine; chown 7:8 mine; stat -c %u:%g mine";
    world.command("namespaces").args(["run", "sh", "-c", script]).assert().success().stdout("7:8\n");
    let user = user();
    let outside = world.command("stat").args(["-c", "%u:%g", "mine"]).output().unwrap();
    assert_eq!(String::from_utf8(outside.stdout).unwrap(), format!("{}:{}\n", user.subuid.0 + 6, user.subgid.0 + 7));
}

#[test]
fn the_host_name() {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    rootless("namespaces").args(["run", "--hostname", "box", "uname", "-n"]).assert().success().stdout("box\n");
    // It begins with the host's, and changes alone.
    assert_eq!(inside("uname -n; hostname other; uname -n"), format!("{host}other\n"));
    assert_eq!(fs::read_to_string("/proc/sys/kernel/hostname").unwrap(), host);
}

#[test]
fn the_network_is_loopback_and_it_is_up() {
    let world = World::new();
    let running = Running::start(&world, &[]);
    let devices = running.file("net/dev");
    let names: Vec<&str> = devices.lines().skip(2).map(|line| line.split(':').next().unwrap().trim()).collect();
    let names = names.into_iter().filter(|name| !is_made_by_a_module(name)).collect::<Vec<_>>();
    assert_eq!(names, ["lo"]);
    // The kernel adds these routes when the interface is set up.
    assert!(running.file("net/fib_trie").contains("|-- 127.0.0.1"));
}

/// Some tunnel modules put a device that is down into every network namespace.
fn is_made_by_a_module(name: &str) -> bool {
    ["tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"].contains(&name)
}

#[test]
fn root_needs_no_other_user_namespace() {
    let script = r#"readlink /proc/self/ns/user; "$0" run readlink /proc/self/ns/user"#;
    let world = World::new();
    let namespaces = world.process("namespaces").get_program().to_owned();
    let mut command = world.command("unshare");
    let output = command.args(["--map-root-user", "sh", "-c", script]).arg(namespaces).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 2 && lines[0] == lines[1], "{text}{}", String::from_utf8_lossy(&output.stderr));
}
