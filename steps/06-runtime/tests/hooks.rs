//! Hooks: all six, where they run, what they get, what happens when they fail or do not end.

mod bundle;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use bundle::Bundle;
use serde_json::{Value, json};
use support::observe::{await_end, await_some, cmdline, kill, processes};

const ALL: [&str; 6] = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

/// Each hook writes its name and its surroundings to a file.
fn noting(bundle: Bundle) -> (Bundle, String) {
    let note = bundle.world.dir("notes");
    let path = note.join("note").to_str().unwrap().to_owned();
    let hook = |name: &str| {
        let place = if name == "startContainer" { "/notes/note" } else { path.as_str() };
        let script = format!(
            "echo \"{name} $(readlink /proc/self/ns/mnt) $(env | grep -v ^PWD= | grep -v ^SHLVL= | grep -v ^_= | tr '\\n' ' ')$(cat | tr -d '\\n')\" >>{place}"
        );
        json!([{ "path": "/bin/sh", "args": ["sh", "-c", script], "env": ["PATH=/bin:/usr/bin", "GIVEN=1"] }])
    };
    let hooks: Value =
        ALL.iter().map(|name| ((*name).to_owned(), hook(name))).collect::<serde_json::Map<_, _>>().into();
    let mut mounts = bundle.config["mounts"].clone();
    mounts
        .as_array_mut()
        .unwrap()
        .push(json!({ "destination": "/notes", "type": "bind", "source": note, "options": ["bind"] }));
    (bundle.with("/hooks", hooks).with("/mounts", mounts), path)
}

#[test]
fn all_six_in_their_order() {
    let (bundle, path) = noting(Bundle::new().args(&["sleep", "1000"]));
    bundle.create("box");
    let notes = || fs::read_to_string(&path).unwrap();
    let names = || notes().lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(), ALL[..3]);
    assert_eq!(bundle.runtime(&["start", "box"]), "");
    assert_eq!(names(), ALL[..5]);
    let pid = bundle.state("box")["pid"].as_u64().unwrap();
    bundle.runtime(&["kill", "box", "KILL"]);
    await_end(u32::try_from(pid).unwrap());
    bundle.await_status("box", "stopped");
    assert_eq!(bundle.runtime(&["delete", "box"]), "");
    assert_eq!(names(), ALL);
    let statuses = ["created", "creating", "creating", "creating", "running", "stopped"];
    for (line, status) in notes().lines().zip(statuses) {
        let (before, state) = line.split_once('{').unwrap();
        let state: Value = serde_json::from_str(&format!("{{{state}")).unwrap();
        assert!(before.contains("GIVEN=1") && !before.contains("HOME="), "{line}");
        assert_eq!((&state["id"], &state["status"]), (&json!("box"), &json!(status)), "{line}");
        assert_eq!(state["bundle"], json!(bundle.dir()), "{line}");
        if !line.contains("Container ") && status != "stopped" {
            assert_eq!(state["pid"], json!(pid), "{line}");
        }
    }
    // Two of them are in the container's namespaces, all others in the caller's.
    let ours = fs::read_link("/proc/self/ns/mnt").unwrap();
    let theirs =
        |name: &str| notes().lines().find(|line| line.starts_with(name)).unwrap().split(' ').nth(1).unwrap().to_owned();
    assert_eq!(theirs("createContainer"), theirs("startContainer"));
    assert_ne!(theirs("createContainer"), theirs("createRuntime"));
    assert_eq!(theirs("poststop"), ours.to_str().unwrap());
}

#[test]
fn one_that_fails_ends_it() {
    for kind in ["prestart", "createRuntime", "createContainer"] {
        let hooks = json!({ kind: [{ "path": "/bin/sh", "args": ["sh", "-c", "echo why >&2; exit 3"] }, { "path": "/bin/touch", "args": ["touch", "second"] }] });
        let bundle = Bundle::new().args(&["true"]).with("/hooks", hooks);
        bundle.write();
        let said = format!("Error: run the {kind} hook /bin/sh: it ended with exit status 3: why\n[exit 125]\n");
        assert_eq!(bundle.runtime(&["create", "box"]), said);
        assert_eq!(bundle.left(), Vec::<String>::new());
        assert!(!bundle.dir().join("second").exists());
    }
    let hooks = json!({ "startContainer": [{ "path": "/bin/false" }] });
    let bundle = Bundle::new().shell("echo it runs").with("/hooks", hooks);
    bundle.create("box");
    let said = "Error: run the startContainer hook /bin/false: it ended with exit status 1\n[exit 125]\n";
    assert_eq!(bundle.runtime(&["start", "box"]), said);
    bundle.await_status("box", "stopped");
}

#[test]
fn one_that_comes_too_late_is_only_told() {
    let hooks = json!({ "poststart": [{ "path": "/bin/false" }], "poststop": [{ "path": "/nowhere" }, { "path": "relative" }] });
    let bundle = Bundle::new().args(&["true"]).with("/hooks", hooks);
    bundle.write();
    assert_eq!(
        bundle.runtime(&["run", "box"]),
        "Warning: run the poststart hook /bin/false: it ended with exit status 1\n\
         Warning: run the poststop hook /nowhere: start it: No such file or directory\n\
         Warning: run the poststop hook relative: its path is not absolute\n"
    );
}

#[test]
fn one_that_hangs_is_killed_with_its_children() {
    let hooks =
        json!({ "createRuntime": [{ "path": "/bin/sh", "args": ["sh", "-c", "sleep 3000 & wait"], "timeout": 1 }] });
    let bundle = Bundle::new().args(&["true"]).with("/hooks", hooks);
    bundle.write();
    let said = "Error: run the createRuntime hook /bin/sh: it did not end in 1 s\n[exit 125]\n";
    assert_eq!(bundle.runtime(&["create", "box"]), said);
    assert_eq!(support::observe::processes_of(bundle.world.root()), Vec::<u32>::new());
}

/// What it writes costs the memory of its beginning.
#[test]
fn one_that_floods_is_forgotten() {
    let flood = ["yes".to_owned(), format!("flood{}", std::process::id())];
    let hooks = json!({ "createRuntime": [{ "path": "/usr/bin/yes", "args": flood }] });
    let bundle = Bundle::new().args(&["true"]).with("/hooks", hooks);
    bundle.write();
    let mut command = bundle.world.process("runtime");
    command.args(["create", "box"]).current_dir(bundle.dir()).stdin(Stdio::null());
    let errors = bundle.dir().join("errors");
    let mut creator = command.stdout(Stdio::null()).stderr(fs::File::create(&errors).unwrap()).spawn().unwrap();
    let hook = await_some("the hook", || processes().find(|pid| cmdline(*pid) == flood));
    await_some("a lot that takes no room", || {
        let written = fs::metadata(format!("/proc/{hook}/fd/1")).unwrap();
        (written.len() > 64 << 20 && written.blocks() * 512 < 8 << 20).then_some(())
    });
    kill(hook, 9);
    assert_eq!(creator.wait().unwrap().code(), Some(125));
    let said = fs::read_to_string(errors).unwrap();
    let said = said.strip_prefix("Error: run the createRuntime hook /usr/bin/yes: it ended with signal 9: flood");
    assert!(said.is_some_and(|rest| rest.len() < 2048));
    assert_eq!(bundle.left(), Vec::<String>::new());
}
