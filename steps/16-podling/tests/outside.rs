//! What the kernel says of a container, asked from outside.

mod common;

use common::Podling;
use support::image::BUSYBOX;
use support::observe::{self, namespace, own_namespaces, status};
use support::user;

#[test]
fn its_root_is_the_caller_and_nobody_of_the_host() {
    let podling = Podling::new();
    let cat = podling.cat(&[]);
    let user = user();
    let map = |id: u32, (first, count): (u32, u32)| vec![[0, u64::from(id), 1], [1, first.into(), count.into()]];
    assert_eq!(observe::uid_map(cat.pid), map(user.uid, user.subuid));
    assert_eq!(observe::gid_map(cat.pid), map(user.gid, user.subgid));
    let status = status(cat.pid);
    assert_eq!(status["Uid"], [user.uid; 4].map(|id| id.to_string()).join(" "));
    assert_eq!(status["NSpid"], format!("{} 1", cat.pid));
    cat.end();
    podling.assert_clean();
}

#[test]
fn it_shares_no_namespace() {
    let podling = Podling::new();
    let cat = podling.cat(&[]);
    assert_eq!(own_namespaces(cat.pid), observe::NAMESPACES);
    // Nor with each other, but for the user's, in which all of the user's containers are.
    let other = podling.cat(&[]);
    assert_eq!(namespace(cat.pid, "user"), namespace(other.pid, "user"));
    for kind in observe::NAMESPACES.iter().filter(|kind| **kind != "user") {
        assert_ne!(namespace(cat.pid, kind), namespace(other.pid, kind), "{kind}");
    }
    other.end();
    cat.end();
}

#[test]
fn it_is_confined() {
    let podling = Podling::new();
    let cat = podling.cat(&[]);
    let root = status(cat.pid);
    // Podman's eleven: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service,
    // sys_chroot, setfcap.
    let eleven: u64 = [0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31].iter().map(|bit| 1 << bit).sum();
    for (field, set) in [("CapBnd", eleven), ("CapPrm", eleven), ("CapEff", eleven), ("CapInh", 0), ("CapAmb", 0)] {
        assert_eq!(root[field], format!("{set:016x}"), "{field}");
    }
    assert_eq!((root["Seccomp"].as_str(), root["NoNewPrivs"].as_str()), ("2", "0"), "a filter");
    cat.end();

    let cat = podling.cat(&["-u", "1000:2000"]);
    let user = status(cat.pid);
    for field in ["CapPrm", "CapEff", "CapInh", "CapAmb"] {
        assert_eq!(user[field], "0000000000000000", "{field}");
    }
    assert_eq!(user["Uid"], [support::user().subuid.0 + 999; 4].map(|id| id.to_string()).join(" "));
    assert_eq!(user["Groups"], (support::user().subgid.0 + 1999).to_string());
    cat.end();
}

#[test]
fn its_root_is_the_overlay_and_nothing_of_the_host_is_mounted() {
    let podling = Podling::new();
    let shared = podling.world.dir("shared");
    let cat =
        podling.cat(&["-v", &format!("{}:/mnt", shared.display()), "-v", &format!("{}:/ro:ro", shared.display())]);
    let mounts = observe::mountinfo(cat.pid);
    let at = |point: &str| {
        mounts.iter().rfind(|mount| mount.point.as_os_str() == point).unwrap_or_else(|| panic!("{point}"))
    };
    assert_eq!((at("/").kind.as_str(), at("/proc").kind.as_str()), ("overlay", "proc"));
    assert!(at("/sys").has("ro") && at("/proc/sys").has("ro") && at("/ro").has("ro") && at("/mnt").has("rw"));
    for mount in &mounts {
        assert!(!mount.propagation.contains("shared"), "{mount:?}");
        let device = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];
        let masked = mount.point.starts_with("/proc") || mount.point.starts_with("/sys");
        let ours = ["proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup2", "overlay"].contains(&mount.kind.as_str());
        let files = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/run/.containerenv", "/mnt", "/ro"];
        let known = device.iter().chain(&files).any(|place| mount.point.as_os_str() == *place);
        assert!(ours || masked || known, "{mount:?}");
    }
    // And the host sees nothing of these.
    assert!(observe::mounts_below(podling.world.root()).is_empty());
    cat.end();
}

#[test]
fn a_network_of_its_own_is_a_loopback_and_the_hosts_is_the_hosts() {
    let podling = Podling::new();
    let own = podling.cat(&["--network", "none"]);
    assert_ne!(namespace(own.pid, "net"), namespace(std::process::id(), "net"));
    own.end();
    let links = podling.out(&["--network", "none"], &["ls", "/sys/class/net"]);
    assert_eq!(links, "lo\n");
    let state = podling.out(&["--network", "none"], &["ip", "-o", "addr"]);
    assert!(state.contains("127.0.0.1/8") && !state.contains("2:"), "{state}");

    let host = podling.cat(&["--network", "host"]);
    assert_eq!(namespace(host.pid, "net"), namespace(std::process::id(), "net"));
    assert_eq!(own_namespaces(host.pid), ["cgroup", "ipc", "mnt", "pid", "user", "uts"]);
    host.end();
    podling.assert_clean();
}

#[test]
fn nothing_of_the_callers_is_inside() {
    let podling = Podling::new();
    let secret = podling.world.write("secret", "the caller's\n");
    // A descriptor of the caller's that is not close-on-exec.
    let mut shell = podling.world.process("/bin/sh");
    let bin = podling.world.process("podling").get_program().to_owned();
    shell.args(["-c", r#"exec 7<"$0" 9<"$0"; exec "$@""#]).arg(&secret).arg(bin).env("TOKEN", "the caller's");
    let cat = podling.cat_of(&mut shell, &[]);
    let mut open: Vec<String> = std::fs::read_dir(format!("/proc/{}/fd", cat.pid))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    open.sort();
    assert_eq!(open, ["0", "1", "2"]);
    let environ = std::fs::read_to_string(format!("/proc/{}/environ", cat.pid)).unwrap();
    for word in ["TOKEN", "PODLING", "XDG", "the caller's"] {
        assert!(!environ.contains(word), "{environ}");
    }
    cat.end();
}

#[test]
fn a_signal_reaches_the_program() {
    let podling = Podling::new();
    let script = "trap 'echo asked; exit 3' TERM; echo ready; while :; do sleep 1; done";
    let mut child = podling.world.process("podling");
    let words = Podling::words(&[], &["sh", "-c", script]);
    let log = podling.world.root().join("log");
    let mut child = child.args(words).stdout(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let said = |text: &str| std::fs::read_to_string(&log).unwrap().contains(text).then_some(());
    observe::await_some("the program", || said("ready"));
    observe::kill(child.id(), 15);
    assert_eq!(child.wait().unwrap().code(), Some(3));
    said("asked").unwrap();
    podling.assert_clean();
}

#[test]
fn the_death_of_the_program_by_a_signal_is_its_status() {
    let podling = Podling::new();
    let mut cat = podling.cat(&[]);
    observe::kill(cat.pid, 9);
    assert_eq!(cat.child.wait().unwrap().code(), Some(137));
    podling.assert_clean();
}

#[test]
fn no_keeper_is_left_behind() {
    let podling = Podling::new();
    podling.out(&[], &["true"]);
    podling.shown(&["run", "--rm", BUSYBOX, "no-such-program"]);
    podling.cat(&[]).end();
    // The last one says that it is over, and then ends.
    observe::await_some("the end of all", || observe::processes_of(podling.world.root()).is_empty().then_some(()));
}
