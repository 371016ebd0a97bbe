//! What `runtime run` does not do, and says so before anything has been started.

mod bundle;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use bundle::{Bundle, told};
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::observe::processes_of;
use support::{World, settings};

/// What is said to each of these documents, one after the other.
fn answers(cases: &[(&str, Value)]) -> String {
    let answer = |(pointer, value): &(&str, Value)| {
        let bundle = Bundle::new().shell("echo it runs").with(pointer, value.clone());
        let answer = bundle.run();
        assert_eq!(processes_of(bundle.world.root()), Vec::<u32>::new());
        format!("{pointer} {value}\n    {}\n", answer.trim_end().replace('\n', "\n    "))
    };
    cases.iter().map(answer).collect()
}

#[test]
fn what_is_not_supported() {
    let kinds = |kind: &str, path: &str| json!([{ "type": "user" }, { "type": "mount" }, { "type": "uts" }, { "type": kind, "path": path }]);
    let map = json!([{ "containerID": 0, "hostID": 0, "size": 1 }]);
    let idmapped = json!([{ "destination": "/mnt", "type": "bind", "source": "/tmp",
        "uidMappings": map, "gidMappings": map }]);
    let one_map = json!([{ "destination": "/mnt", "type": "bind", "source": "/tmp", "uidMappings": map }]);
    let said = answers(&[
        ("/ociVersion", json!("2.0.0")),
        ("/process/selinuxLabel", json!("x")),
        ("/linux/sysctl", json!({})),
        ("/linux/sysctl", json!({ "vm.swappiness": "1" })),
        ("/linux/namespaces", kinds("network", "/nowhere")),
        ("/linux/namespaces", kinds("network", "/etc/passwd")),
        ("/linux/devices", json!([{ "path": "fuse", "type": "c", "major": 10, "minor": 229 }])),
        ("/linux/cgroupsPath", json!("../box")),
        ("/linux/resources", json!({ "unified": { "../memory.high": "1" } })),
        ("/linux/resources", json!({ "devices": [{ "allow": false, "access": "rwm" }] })),
        ("/linux/resources", json!({ "network": { "classID": 1 } })),
        ("/linux/rootfsPropagation", json!("everywhere")),
        ("/linux/resources", json!({ "memory": { "swappiness": 50 } })),
        ("/linux/resources", json!({ "memory": { "disableOOMKiller": true } })),
        ("/linux/resources", json!({ "cpu": { "realtimeRuntime": 5 } })),
        ("/linux/resources", json!({ "blockIO": { "leafWeight": 5 } })),
        ("/mounts", idmapped),
        ("/mounts", json!([{ "destination": "/mnt", "type": "bind", "source": "/tmp", "options": ["bind", "idmap"] }])),
        ("/mounts", one_map),
        ("/linux/netDevices", json!({ "lo": { "name": "net0" } })),
        ("/linux/netDevices", json!({ "podling-none": {} })),
        ("/linux/netDevices", json!({ "a/b": {} })),
        ("/linux/intelRdt", json!({ "closID": "../x" })),
    ]);
    settings().bind(|| assert_snapshot!("unsupported", said));
}

#[test]
fn what_is_missing_or_wrong() {
    let kinds = |kinds: &[&str]| kinds.iter().map(|kind| json!({ "type": kind })).collect::<Value>();
    let said = answers(&[
        ("/process", Value::Null),
        ("/root", Value::Null),
        ("/linux", Value::Null),
        ("/process/args", Value::Null),
        ("/process/args", json!([])),
        ("/process/cwd", json!("/nowhere")),
        ("/process/cwd", json!("bin")),
        ("/process/user", json!({ "uid": 70000, "gid": 0 })),
        ("/process/capabilities", json!({ "bounding": ["CAP_EVERYTHING"] })),
        ("/process/capabilities", json!({ "effective": ["CAP_CHOWN"] })),
        ("/process/rlimits", json!([{ "type": "RLIMIT_NOFILE", "soft": 2, "hard": 1 }])),
        ("/process/rlimits", json!([{ "type": "RLIMIT_NOTHING", "soft": 1, "hard": 1 }])),
        ("/root/path", json!("nowhere")),
        ("/hostname", json!("x".repeat(65))),
        ("/mounts", json!([{ "destination": "/mnt", "type": "nofs" }])),
        ("/mounts", json!([{ "destination": "mnt", "type": "tmpfs" }])),
        ("/linux/maskedPaths", json!(["etc/passwd"])),
        ("/linux/uidMappings", Value::Null),
        ("/linux/gidMappings", json!([])),
        ("/linux/uidMappings", json!([{ "containerID": 0, "hostID": 0, "size": 1 }])),
        ("/linux/namespaces", json!([])),
        ("/linux/namespaces", kinds(&["user", "pid", "uts"])),
        ("/linux/namespaces", kinds(&["mount", "pid", "uts"])),
        ("/linux/namespaces", kinds(&["user", "mount", "pid"])),
        ("/linux/namespaces", kinds(&["user", "mount", "uts", "pid", "pid"])),
        ("/linux/namespaces", kinds(&["nothing"])),
    ]);
    let mut settings = settings();
    settings.add_filter(r" at line 1 column \d+", "");
    settings.bind(|| assert_snapshot!("wrong", said));
}

#[test]
fn documents_that_are_none() {
    let bundle = Bundle::new();
    let with = |text: &[u8]| {
        bundle.world.write("bundle/config.json", text);
        bundle.run_id("box")
    };
    let mut said = [&b""[..], b"{", b"[]", b"\xff", b"{\"ociVersion\": 1}"].map(with).concat();
    // A document of some size is one, whatever it is full of.
    let mut large = bundle.config.clone();
    large["annotations"] = json!({ "x": "x".repeat((16 << 20) - 10_000) });
    large["process"]["args"] = json!(["echo", "large"]);
    said += &with(large.to_string().as_bytes());
    large["annotations"] = json!({ "x": "x".repeat(16 << 20) });
    said += &with(large.to_string().as_bytes());
    let config = bundle.dir().join("config.json");
    for kind in ["nothing", "directory", "pipe", "device"] {
        fs::remove_file(&config).unwrap();
        match kind {
            "directory" => fs::create_dir(&config).unwrap(),
            "pipe" => nix::unistd::mkfifo(&config, nix::sys::stat::Mode::S_IRWXU).unwrap(),
            "device" => std::os::unix::fs::symlink("/dev/zero", &config).unwrap(),
            _ => {}
        }
        said += &bundle.run_id("box");
        if kind == "directory" {
            fs::remove_dir(&config).unwrap();
        }
        if kind == "nothing" || kind == "directory" {
            fs::write(&config, "").unwrap();
        }
    }
    let nowhere = bundle.world.command("runtime").args(["run", "--bundle", "/nowhere", "box"]).output().unwrap();
    said += &told(nowhere);
    settings().bind(|| assert_snapshot!("no_document", said));
}

#[test]
fn ids() {
    let bundle = Bundle::new().shell("echo it runs");
    bundle.write();
    for id in ["a", "0", "Box_1.2-3+4", &"x".repeat(255)] {
        assert_eq!(bundle.run_id(id), "it runs\n", "{id}");
    }
    let long = "x".repeat(5000);
    for id in ["", ".", "..", "../x", "a/b", "/a", "-a", "a b", "a\n", "é", &long[..256], &long] {
        let answer = bundle.run_id(id);
        assert!(answer.starts_with("Error: ") && answer.ends_with("[exit 125]\n"), "{id:?}: {answer}");
    }
    let answer = bundle.run_id(OsStr::from_bytes(b"\xff"));
    assert!(answer.ends_with("[exit 125]\n"), "{answer}");
    settings().bind(|| assert_snapshot!("id", bundle.run_id("../x")));
}

/// Somebody may start the verb that only `run` starts.
#[test]
fn the_other_side_is_not_for_you() {
    let bundle = Bundle::new().shell("echo it runs");
    bundle.write();
    let output = bundle.world.command("runtime").args(["container", "x"]).output();
    settings().bind(|| assert_snapshot!("other_side", told(output.unwrap())));
}

#[test]
fn an_existing_document_stays() {
    let world = World::new();
    let file = world.write("home/config.json", "mine");
    let said = told(world.command("runtime").arg("spec").output().unwrap());
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
    settings().bind(|| assert_snapshot!("exists", said));
}
