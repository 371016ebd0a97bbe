//! Containers in namespaces of others: `--pid`, `--ipc`, `--uts`, `--network`, `--cgroupns`, `--userns`.

mod common;

use std::fs;

use common::{Podling, text};
use support::image::BUSYBOX;
use support::observe::{self, NAMESPACES, namespace};
use support::user;

/// Which of their namespaces two processes share.
fn shared(a: u32, b: u32) -> Vec<&'static str> {
    NAMESPACES.into_iter().filter(|kind| namespace(a, kind) == namespace(b, kind)).collect()
}

fn exec(podling: &Podling, words: &[&str]) -> String {
    let mut command = podling.world.command("podling");
    text(command.arg("exec").args(words).output().unwrap())
}

#[test]
fn the_hosts() {
    let podling = Podling::new();
    for (flag, kind) in
        [("--pid=host", "pid"), ("--ipc=host", "ipc"), ("--uts=host", "uts"), ("--cgroupns=host", "cgroup")]
    {
        let cat = podling.cat(&["--network=none", flag, "--name=it"]);
        let others: Vec<_> = NAMESPACES.into_iter().filter(|known| *known != kind).collect();
        assert_eq!(observe::own_namespaces(cat.pid), others, "{flag}");
        assert_eq!(exec(&podling, &["it", "readlink", "/proc/1/root"]).contains("[exit"), kind == "pid", "{flag}");
        let mounts = observe::mountinfo(cat.pid);
        let kind_of =
            |place: &str| mounts.iter().rfind(|mount| mount.point.to_str() == Some(place)).unwrap().kind.clone();
        assert_eq!(kind_of("/proc"), "proc");
        cat.end();
    }
    let me = std::process::id().to_string();
    assert_eq!(
        podling.out(&["--network=none", "--pid=host"], &["ls", "-d", &format!("/proc/{me}")]),
        format!("/proc/{me}\n")
    );
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(
        podling.out(&["--network=none", "--uts=host"], &["sh", "-c", "hostname; cat /etc/hostname"]),
        host.repeat(2)
    );
    // Its memory is the host's.
    let name = format!("/dev/shm/podling-{me}");
    fs::write(&name, "the host's").unwrap();
    let seen = podling.out(&["--network=none", "--ipc=host"], &["ls", "/dev/shm"]);
    fs::remove_file(&name).unwrap();
    assert!(seen.contains(name.rsplit('/').next().unwrap()), "{seen}");
    assert_eq!(podling.out(&["--network=none", "--ipc=none"], &["ls", "/dev"]).matches("shm").count(), 0);
    podling.assert_clean();
}

#[test]
fn another_containers() {
    let podling = Podling::new();
    let first = podling.cat(&["--network=none", "--name=first", "--hostname=one", "--add-host=there:10.9.8.7"]);
    for (flags, kinds) in [
        (&["--pid=container:first", "--network=none"][..], &["pid", "user"][..]),
        (&["--ipc=container:first", "--network=none"], &["ipc", "user"]),
        (&["--uts=container:first", "--network=none"], &["user", "uts"]),
        (&["--cgroupns=container:first", "--network=none"], &["cgroup", "user"]),
        (&["--network=container:first"], &["net", "user"]),
        (&["--userns=container:first", "--network=none"], &["user"]),
        (
            &["--pid=container:first", "--ipc=container:first", "--uts=container:first", "--network=container:first"],
            &["ipc", "net", "pid", "user", "uts"],
        ),
    ] {
        let second = podling.cat(&[flags, &["--name=second"]].concat());
        assert_eq!(shared(first.pid, second.pid), kinds, "{flags:?}");
        // Who comes later is where the container is.
        let mut child = podling.world.process("podling").args(["exec", "second", "sleep", "4271"]).spawn().unwrap();
        let sleep = observe::await_program(child.id(), &["sleep", "4271"]);
        assert_eq!(shared(second.pid, sleep), NAMESPACES, "{flags:?}");
        observe::kill(sleep, 9);
        child.wait().unwrap();
        second.end();
    }
    let out = |flags: &[&str], script: &str| podling.out(flags, &["sh", "-c", script]);
    let sees = out(&["--network=none", "--pid=container:first"], "ps -o args | grep -c '^cat$'");
    assert_eq!(sees, "1\n");
    assert_eq!(out(&["--network=none", "--uts=container:first"], "hostname; cat /etc/hostname"), "one\none\n");
    assert_eq!(out(&["--network=container:first"], "grep -c 10.9.8.7 /etc/hosts"), "1\n");
    out(&["--network=none", "--ipc=container:first"], "echo shared >/dev/shm/file");
    assert_eq!(exec(&podling, &["first", "cat", "/dev/shm/file"]), "shared\n");
    first.end();
    podling.assert_clean();
}

#[test]
fn nobodys_neighbour_is_removed() {
    let podling = Podling::new();
    let create = |name: &str, flag: &str| {
        let words = ["create", "--name", name, "--network=none", flag, BUSYBOX, "true"];
        assert!(!podling.shown(&words).contains("[exit"), "{name}");
    };
    create("first", "--uts=private");
    create("second", "--pid=container:first");
    // Its name is another one's by now.
    podling.shown(&["rename", "first", "renamed"]);
    create("first", "--uts=private");
    create("third", "--ipc=container:second");
    let refused = podling.shown(&["rm", "renamed"]);
    assert!(refused.contains("has dependent containers which must be removed before it: "), "{refused}");
    assert_eq!(podling.entries("container-names"), ["first", "renamed", "second", "third"]);
    assert_eq!(podling.shown(&["rm", "first"]), "$ podling rm first\nfirst\n\n");
    assert_eq!(podling.shown(&["rm", "--depend", "renamed"]), "$ podling rm --depend renamed\nrenamed\n\n");
    podling.assert_clean();
}

/// The file of a namespace, of a process that is ours or of a mount, does as well.
#[test]
fn a_path() {
    let podling = Podling::new();
    let first = podling.cat(&["--network=none", "--userns=keep-id"]);
    let path = |flag: &str, kind: &str| format!("--{flag}=ns:/proc/{}/ns/{kind}", first.pid);
    let flags =
        [path("network", "net"), path("ipc", "ipc"), path("uts", "uts"), path("pid", "pid"), path("userns", "user")];
    let second = podling.cat(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(shared(first.pid, second.pid), ["ipc", "net", "pid", "user", "uts"]);
    assert_eq!(observe::uid_map(second.pid), observe::uid_map(first.pid));
    second.end();
    first.end();
    podling.assert_clean();
}

#[test]
fn what_cannot_be() {
    let podling = Podling::new();
    podling.shown(&["create", "--name=stopped", "--network=none", BUSYBOX, "true"]);
    let private = podling.cat(&["--network=none", "--name=private", "--ipc=private"]);
    for (flags, words) in [
        (&["--pid=moon"][..], "unrecognized namespace mode moon passed"),
        (&["--ipc=moon"], "unrecognized namespace mode moon passed"),
        (&["--cgroupns=moon"], "unrecognized namespace mode moon passed"),
        (&["--uts=container:"], "namespace mode container requires a value"),
        (&["--pid=container:nobody"], "looking up container to share pid namespace with: no container"),
        (&["--network=container:nobody"], "looking up container to share net namespace with: no container"),
        (&["--userns=container:nobody"], "looking up container to share user namespace with: no container"),
        (&["--ipc=ns:/nowhere"], "cannot find specified IPC namespace path: stat /nowhere: no such file or directory"),
        (&["--ipc=container:private"], "is not allowed: non-shareable IPC"),
        (&["--uts=host", "--hostname=x"], "cannot set hostname when running in the host UTS namespace"),
        (&["--ipc=host", "--shm-size=1m"], "cannot set shmsize when running in the host IPC Namespace"),
        (&["--ipc=host", "--sysctl=kernel.msgmax=1"], "can't be set since IPC Namespace set to host"),
        (&["--pid=host", "--init"], "cannot add init binary as PID 1 (PID namespace isn't private)"),
        (&["--userns=private"], "must provide at least one UID or GID mapping to configure a user namespace"),
    ] {
        let shown = podling.run(flags, &["true"]);
        assert!(shown.contains(words) && shown.ends_with("[exit 125]\n\n"), "{shown}");
    }
    for flag in ["--pid", "--ipc", "--uts", "--network", "--userns", "--cgroupns"] {
        let shown = podling.run(&[&format!("{flag}=container:stopped")], &["true"]);
        let words = "is running: container is stopped";
        assert!(shown.contains("cannot get namespace path unless container") && shown.contains(words), "{shown}");
        assert!(shown.ends_with("[exit 125]\n\n"), "{shown}");
    }
    private.end();
    podling.shown(&["rm", "stopped"]);
    podling.assert_clean();
}

/// With the host's processes it has no process 1 whose end is all others': they end with the container all the same.
#[test]
fn nobody_is_left_behind() {
    let podling = Podling::new();
    podling.out(&["--network=none", "--pid=host"], &["sh", "-c", "sleep 4272 >/dev/null 2>&1 </dev/null & true"]);
    let left = || {
        let numbers =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        numbers.filter(|pid: &u32| observe::cmdline(*pid) == ["sleep", "4272"]).collect::<Vec<u32>>()
    };
    assert_eq!(left(), [0; 0]);
    podling.assert_clean();
}

#[test]
fn without_the_caller() {
    let podling = Podling::new();
    let me = user();
    let cat = podling.cat(&["--userns=nomap", "--network=none"]);
    let (sub, count) = (u64::from(me.subuid.0), u64::from(me.subuid.1));
    assert_eq!(observe::uid_map(cat.pid), [[0, sub, count]]);
    assert_eq!(observe::status(cat.pid)["Uid"], [me.subuid.0; 4].map(|id| id.to_string()).join(" "));
    cat.end();
    // What is the caller's is nobody's.
    let mine = format!("{}:/mine", podling.world.dir("mine").display());
    assert_eq!(
        podling.out(&["--userns=nomap", "--network=none", "-v", &mine], &["stat", "-c", "%u", "/mine"]),
        "65534\n"
    );
    podling.assert_clean();
}

#[test]
fn ids_that_no_other_container_has() {
    let podling = Podling::new();
    let (sub, count) = (u64::from(user().subuid.0), u64::from(user().subuid.1));
    let first = podling.cat(&["--userns=auto", "--network=none", "--name=first"]);
    let second = podling.cat(&["--userns=auto:size=2000", "--network=none"]);
    assert_eq!(observe::uid_map(first.pid), [[0, sub, 1024]]);
    assert_eq!(observe::gid_map(second.pid), [[0, u64::from(user().subgid.0) + 1024, 2000]]);
    // Who shares a user namespace has the other one's ids, and files of the right owners.
    let third = podling.cat(&["--userns=container:first", "--network=none", "--name=third"]);
    assert_eq!(observe::uid_map(third.pid), [[0, sub, 1024]]);
    assert!(shared(first.pid, third.pid).contains(&"user"));
    assert_eq!(exec(&podling, &["third", "stat", "-c", "%u:%g", "/bin/busybox"]), "0:0\n");
    third.end();
    let shown = podling.run(&[&format!("--userns=auto:size={count}"), "--network=none"], &["true"]);
    assert!(shown.contains("could not find enough available IDs") && shown.ends_with("[exit 125]\n\n"), "{shown}");
    // One that is gone has left its ids.
    first.end();
    let again = podling.cat(&["--userns=auto:uidmapping=7:0:1", "--network=none"]);
    let me = u64::from(user().uid);
    assert_eq!(observe::uid_map(again.pid), [[0, sub, 7], [7, me, 1], [8, sub + 7, 1016]]);
    again.end();
    second.end();
    podling.assert_clean();
}
