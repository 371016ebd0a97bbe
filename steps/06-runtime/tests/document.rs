//! Parts of a document that surround the container: what they do, seen from inside or from outside.

mod bundle;

use std::fs;

use bundle::Bundle;
use serde_json::json;
use support::observe::{mountinfo, namespace};

#[test]
fn settings_of_its_namespaces() {
    let bundle = Bundle::new()
        .shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni /proc/sys/kernel/domainname")
        .with("/linux/sysctl", json!({ "net.ipv4.ip_forward": "1", "kernel.shmmni": "77" }))
        .with("/domainname", json!("example"));
    assert_eq!(bundle.run(), "1\n77\nexample\n");
    // Those of a namespace that it shares with us are not its own.
    let shared = Bundle::new().without_namespace("network").with("/mounts", json!([]));
    let said = shared.with("/linux/sysctl", json!({ "net.ipv4.ip_forward": "1" })).run();
    assert!(said.contains("can't be set since Network Namespace set to host"), "{said}");
}

#[test]
fn how_willingly_the_kernel_ends_it() {
    let bundle = Bundle::new().shell("cat /proc/self/oom_score_adj");
    assert_eq!(bundle.with("/process/oomScoreAdj", json!(777)).run(), "777\n");
}

#[test]
fn devices_of_the_host() {
    let device = |path: &str| json!([{ "path": path, "type": "c", "major": 10, "minor": 229 }]);
    let bundle = Bundle::new().shell("test -c /dev/fuse && echo there");
    let bundle = bundle.with("/linux/devices", device("/dev/fuse"));
    assert_eq!(bundle.run(), "there\n");
    let nothing = Bundle::new().with("/linux/devices", device("/dev/nothing")).run();
    assert_eq!(nothing, "Error: bind /dev/nothing on /dev/nothing: No such file or directory\n[exit 125]\n");
    // A file is no device.
    let file = Bundle::new().with("/linux/devices", device("/etc/passwd")).run();
    assert_eq!(file, "Error: /etc/passwd is not the device of that name\n[exit 125]\n");
}

#[test]
fn namespaces_of_others() {
    let first = Bundle::new().sleep();
    let mut bundle = Bundle::new().args(&["sleep", "1000"]);
    for kind in ["user", "network", "ipc", "uts"] {
        let (name, path) = match kind {
            "network" => ("network", format!("/proc/{}/ns/net", first.pid)),
            kind => (kind, format!("/proc/{}/ns/{kind}", first.pid)),
        };
        bundle = bundle.without_namespace(name);
        bundle.config["linux"]["namespaces"].as_array_mut().unwrap().push(json!({ "type": name, "path": path }));
    }
    bundle.create("box");
    let pid = u32::try_from(bundle.state("box")["pid"].as_u64().unwrap()).unwrap();
    for kind in ["user", "net", "ipc", "uts"] {
        assert_eq!(namespace(pid, kind), namespace(first.pid, kind), "{kind}");
    }
    for kind in ["mnt", "pid", "cgroup"] {
        assert_ne!(namespace(pid, kind), namespace(first.pid, kind), "{kind}");
    }
}

#[test]
fn what_the_hosts_mounts_do_in_it() {
    for (word, propagation) in [("private", ""), ("rslave", ""), ("shared", "shared:")] {
        let bundle = Bundle::new().args(&["sleep", "1000"]).with("/linux/rootfsPropagation", json!(word));
        bundle.create("box");
        let pid = u32::try_from(bundle.state("box")["pid"].as_u64().unwrap()).unwrap();
        let root = mountinfo(pid).into_iter().find(|mount| mount.point.as_os_str() == "/").unwrap();
        assert!(root.propagation.starts_with(propagation), "{word}: {root:?}");
        assert_eq!(root.propagation.is_empty(), propagation.is_empty(), "{word}: {root:?}");
    }
}

#[test]
fn a_terminal_goes_through_the_socket() {
    let bundle = Bundle::new().args(&["sh", "-c", "tty; stty size"]).with("/process/terminal", json!(true));
    let bundle = bundle.with("/process/consoleSize", json!({ "height": 11, "width": 22 }));
    bundle.write();
    assert!(bundle.runtime(&["create", "box"]).contains("--console-socket is missing"));
    assert_eq!(bundle.left(), Vec::<String>::new());
    let nobody = bundle.runtime(&["create", "--console-socket", "nowhere", "box"]);
    assert_eq!(nobody, "Error: connect to the console socket nowhere: No such file or directory\n[exit 125]\n");
    let path = bundle.dir().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    assert_eq!(bundle.runtime(&["create", "--console-socket", "socket", "box"]), "");
    let (socket, _) = listener.accept().unwrap();
    let master = process::console::receive(&socket.into()).unwrap().unwrap();
    assert_eq!(bundle.runtime(&["start", "box"]), "");
    let mut screen = String::new();
    // At the program's end there is no more to read.
    let _ = std::io::Read::read_to_string(&mut fs::File::from(master), &mut screen);
    assert_eq!(screen, "/dev/pts/0\r\n11 22\r\n");
}

/// A filter that knows fewer calls than we use is no reason not to begin.
#[test]
fn filters_of_others() {
    let rule = json!({ "names": ["close_range", "getcwd"], "action": "SCMP_ACT_ERRNO" });
    let filter = json!({ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule] });
    let bundle = Bundle::new().args(&["ls", "/proc/self/fd"]).with("/linux/seccomp", filter);
    // ls itself has one more, and nothing of ours is open.
    assert_eq!(bundle.run(), "0\n1\n2\n3\n");
}

/// With no_new_privs it comes when nothing of ours is left to do: it may even kill whoever does that.
#[test]
fn filters_are_for_the_program_alone() {
    let rule =
        json!({ "names": ["close_range", "chdir", "getcwd", "capset", "access"], "action": "SCMP_ACT_KILL_PROCESS" });
    let filter = json!({ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule] });
    let bundle = Bundle::new().args(&["echo", "here"]).with("/process/noNewPrivileges", json!(true));
    assert_eq!(bundle.with("/linux/seccomp", filter).run(), "here\n");
}

#[test]
fn a_file_of_another_kind_is_no_user_namespace() {
    let mut bundle = Bundle::new().without_namespace("user");
    let kinds = bundle.config["linux"]["namespaces"].as_array_mut().unwrap();
    kinds.push(json!({ "type": "user", "path": "/proc/self/ns/uts" }));
    let said = "Error: join the namespace /proc/self/ns/uts: Invalid argument\n[exit 125]\n";
    assert_eq!(bundle.run(), said);
}

/// Its root is made in there, and becomes that of all who are there.
#[test]
fn a_mount_namespace_of_others() {
    let mut bundle = Bundle::new().without_namespace("mount").without_namespace("user").args(&["sleep", "1000"]);
    let mut other = bundle.world.process("unshare");
    other.args([
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs none /mnt && echo ready && read end",
    ]);
    let mut other = other.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = [0; 6];
    std::io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut line).unwrap();
    for (kind, name) in [("user", "user"), ("mount", "mnt")] {
        let path = format!("/proc/{}/ns/{name}", other.id());
        bundle.config["linux"]["namespaces"].as_array_mut().unwrap().push(json!({ "type": kind, "path": path }));
    }
    bundle.create("box");
    let pid = u32::try_from(bundle.state("box")["pid"].as_u64().unwrap()).unwrap();
    assert_eq!(namespace(pid, "mnt"), namespace(other.id(), "mnt"));
    assert_eq!(
        fs::read_to_string(format!("/proc/{}/root/etc/hostname", other.id())).unwrap_or_default(),
        fs::read_to_string(format!("/proc/{pid}/root/etc/hostname")).unwrap_or_default()
    );
    let points = mountinfo(pid).into_iter().map(|mount| mount.point).collect::<Vec<_>>();
    assert!(
        points.iter().any(|point| point.as_os_str() == "/proc")
            && points.iter().all(|point| !point.starts_with("/mnt"))
    );
    drop(other.stdin.take());
    other.wait().unwrap();
    // That of whoever asks is none to join: its root would be gone.
    let mut ours = Bundle::new().without_namespace("mount");
    let kinds = ours.config["linux"]["namespaces"].as_array_mut().unwrap();
    kinds.push(json!({ "type": "mount", "path": "/proc/self/ns/mnt" }));
    let said = ours.run();
    assert_eq!(
        said,
        "Error: join the namespace /proc/self/ns/mnt: it is ours\n\
         Hint: the container's root becomes that of all who are in its mount namespace\n[exit 125]\n"
    );
}

/// It may come later, and has to be there when the container is started.
#[test]
fn a_container_without_a_process() {
    let bundle = Bundle::new().with("/process", serde_json::Value::Null);
    bundle.create("box");
    assert_eq!(bundle.status("box"), "created");
    let said = "Error: the container's configuration has no process\n[exit 125]\n";
    assert_eq!(bundle.runtime(&["start", "box"]), said);
    assert_eq!(bundle.status("box"), "created");
    assert_eq!(bundle.runtime(&["delete", "--force", "box"]), "");
    assert_eq!(bundle.runtime(&["run", "box"]), said);
    assert_eq!(bundle.left(), Vec::<String>::new());
}

/// Where the root is a ramdisk it cannot be let go of. What is below is out of reach: by no path, and not by `..`.
#[test]
fn a_root_that_is_covered() {
    let bundle = Bundle::new();
    let host = bundle.dir().to_str().unwrap().to_owned();
    let script = format!(
        "ls / /proc/1/root; grep -o ' / .*' /proc/self/mountinfo | cut -d' ' -f2; ls -d {host} /../..{host} /proc/1/root{host}"
    );
    let bundle = bundle.shell(&script);
    bundle.write();
    let pivoted = bundle.runtime(&["run", "box"]);
    assert_eq!(pivoted.matches("No such file or directory").count(), 3, "{pivoted}");
    assert_eq!(bundle.runtime(&["run", "--no-pivot", "box"]), pivoted);
}
