//! The life of a container: create, start, state, kill, delete, list.

mod bundle;

use std::process::Stdio;
use std::sync::Barrier;
use std::thread;

use bundle::{Bundle, told};
use insta::assert_snapshot;
use serde_json::json;
use support::observe::{await_end, await_some, cmdline, kill, processes, processes_of};
use support::settings;

fn pid(bundle: &Bundle, id: &str) -> u32 {
    u32::try_from(bundle.state(id)["pid"].as_u64().unwrap()).unwrap()
}

/// Engines that fail between the two delete what they have created.
#[test]
fn what_was_never_begun_can_be_deleted() {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.create("box");
    let pid = pid(&bundle, "box");
    assert_eq!(bundle.runtime(&["delete", "box"]), "");
    await_end(pid);
    assert_eq!(bundle.left(), Vec::<String>::new());
}

#[test]
fn from_create_to_delete() {
    let bundle = Bundle::new().args(&["sleep", "1000"]).with("/annotations", json!({ "org.example.key": "value" }));
    bundle.write();
    let mut told = String::new();
    let mut run = |args: &[&str]| {
        let answer = bundle.runtime(args);
        told += &format!("$ runtime {}\n{answer}", args.join(" "));
        answer
    };
    assert_eq!(run(&["create", "--pid-file", "pid", "box"]), "");
    let pid = pid(&bundle, "box");
    assert_eq!(std::fs::read_to_string(bundle.dir().join("pid")).unwrap(), pid.to_string());
    // Everything but the program is there, and whoever has made it is not.
    assert_ne!(cmdline(pid), ["sleep", "1000"]);
    run(&["state", "box"]);
    run(&["create", "box"]);
    assert_eq!(run(&["start", "box"]), "");
    assert_eq!(cmdline(pid), ["sleep", "1000"]);
    run(&["state", "box"]);
    run(&["list"]);
    run(&["start", "box"]);
    run(&["delete", "box"]);
    run(&["kill", "box", "NOTHING"]);
    assert_eq!(run(&["kill", "box", "SIGKILL"]), "");
    await_end(pid);
    bundle.await_status("box", "stopped");
    run(&["state", "box"]);
    run(&["kill", "box"]);
    run(&["start", "box"]);
    assert_eq!(run(&["delete", "box"]), "");
    for verb in ["state", "start", "kill", "delete", "pause", "resume", "ps"] {
        run(&[verb, "box"]);
    }
    assert_eq!(run(&["delete", "--force", "box"]), "");
    assert_eq!(bundle.left(), Vec::<String>::new());
    let mut settings = settings();
    settings.add_filter(r#""pid": [1-9]\d*"#, r#""pid": [pid]"#);
    settings.add_filter(r#""bundle": ".*/bundle""#, r#""bundle": "[bundle]""#);
    settings.add_filter(r"(?m)^ID .*OWNER$", "ID  PID  STATUS  BUNDLE  CREATED  OWNER");
    settings.add_filter(r"(?m)^box +\d+ .*$", "box  [pid]  running  ...  [time]  [uid]");
    settings.bind(|| assert_snapshot!("life", told));
}

#[test]
fn two_that_start_at_once() {
    let bundle = Bundle::new().shell("echo begun >>/tmp/begun; sleep 1000").with("/root/readonly", json!(false));
    bundle.create("box");
    let barrier = Barrier::new(2);
    let start = || {
        let mut command = bundle.world.process("runtime");
        command.args(["start", "box"]).stdin(Stdio::null());
        barrier.wait();
        told(command.output().unwrap())
    };
    let mut answers = thread::scope(|scope| {
        let threads = [scope.spawn(start), scope.spawn(start)];
        threads.map(|thread| thread.join().unwrap())
    });
    answers.sort();
    assert_eq!(answers[0], "");
    assert_eq!(answers[1], "Error: cannot start container box: it is running\n[exit 125]\n");
    let begun = bundle.dir().join("rootfs/tmp/begun");
    await_some("the program's word", || std::fs::read_to_string(&begun).ok().filter(|text| text == "begun\n"));
}

#[test]
fn two_that_create_the_same() {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.write();
    let barrier = Barrier::new(2);
    let create = || {
        let mut command = bundle.world.process("runtime");
        command.args(["create", "box"]).current_dir(bundle.dir());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        barrier.wait();
        command.status().unwrap().code().unwrap()
    };
    let mut codes = thread::scope(|scope| {
        let threads = [scope.spawn(create), scope.spawn(create)];
        threads.map(|thread| thread.join().unwrap())
    });
    codes.sort();
    assert_eq!((codes, bundle.status("box")), ([0, 125], "created".into()));
}

/// A hook that does not end keeps the container in the midst of its making.
#[test]
fn killed_in_each_stage() {
    for stage in ["createRuntime", "createContainer", "created", "startContainer", "running"] {
        let bundle = Bundle::new().args(&["sleep", "1000"]);
        let hook = ["sleep".to_owned(), format!("2{}", std::process::id())];
        let hooks = json!({ stage: [{ "path": "/bin/sleep", "args": hook }] });
        let bundle = if stage.contains("Runtime") || stage.contains("Container") {
            bundle.with("/hooks", hooks)
        } else {
            bundle
        };
        bundle.write();
        let mut command = bundle.world.process("runtime");
        command.args(["create", "box"]).current_dir(bundle.dir());
        let mut creator = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if stage.starts_with("create") && stage != "created" {
            bundle.await_status("box", "creating");
            await_some("the hook", || processes().any(|pid| cmdline(pid) == hook).then_some(()));
            assert!(bundle.runtime(&["delete", "box"]).contains("it is creating"), "{stage}");
            kill(creator.id(), 9);
            creator.wait().unwrap();
            // Only the hook is left, which is nobody's process of ours.
            bundle.await_status("box", "stopped");
        } else {
            assert!(creator.wait().unwrap().success());
            let pid = pid(&bundle, "box");
            if stage == "running" {
                assert_eq!(bundle.runtime(&["start", "box"]), "");
            }
            let mut starter = (stage == "startContainer").then(|| {
                let mut command = bundle.world.process("runtime");
                command.args(["start", "box"]).stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            });
            if let Some(starter) = &mut starter {
                await_some("the word", || (bundle.status("box") == "running").then_some(()));
                kill(starter.id(), 9);
                starter.wait().unwrap();
            }
            kill(pid, 9);
            await_end(pid);
            bundle.await_status("box", "stopped");
        }
        assert_eq!(bundle.runtime(&["delete", "box"]), "", "{stage}");
        assert_eq!(bundle.left(), Vec::<String>::new(), "{stage}");
        for pid in processes().filter(|pid| cmdline(*pid) == hook) {
            kill(pid, 9);
        }
    }
}

#[test]
fn one_that_fails_leaves_nothing() {
    let bundle = Bundle::new().args(&["nothing"]);
    bundle.write();
    for verb in ["create", "run"] {
        let answer = bundle.runtime(&[verb, "box"]);
        assert_eq!(
            answer,
            "Error: executable file \"nothing\" not found in $PATH: No such file or directory\n[exit 127]\n"
        );
        assert_eq!(bundle.left(), Vec::<String>::new());
    }
    assert_eq!(processes_of(bundle.world.root()), Vec::<u32>::new());
    // An error is in the log as well, in the form that engines read.
    bundle.runtime(&["--log", "log", "--log-format", "json", "create", "box"]);
    let line: serde_json::Value = serde_json::from_slice(&std::fs::read(bundle.dir().join("log")).unwrap()).unwrap();
    assert_eq!(
        (&line["level"], &line["msg"]),
        (&json!("error"), &json!("executable file \"nothing\" not found in $PATH: no such file or directory"))
    );
}

#[test]
fn what_cannot_be_executed_is_said_by_start() {
    let bundle = Bundle::new().args(&["/bin"]);
    bundle.create("box");
    assert_eq!(bundle.runtime(&["start", "box"]), "Error: execute /bin: Permission denied\n[exit 126]\n");
    bundle.await_status("box", "stopped");
}

#[test]
fn changes_of_the_document_come_too_late() {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.create("box");
    bundle.world.write("bundle/config.json", "{}");
    assert_eq!(bundle.runtime(&["start", "box"]), "");
    assert_eq!(cmdline(pid(&bundle, "box")), ["sleep", "1000"]);
}

#[test]
fn ids_lead_nowhere() {
    let bundle = Bundle::new();
    bundle.world.write("run/podling-runtime/box/state.json", "{}");
    bundle.world.write("run/other/state.json", "{}");
    for verb in ["create", "state", "start", "kill", "delete", "exec", "ps", "pause", "resume"] {
        for id in ["", ".", "..", "../other", "a/b", "/a", "a\n", "-a", &"x".repeat(256)] {
            let answer = bundle.runtime(&[verb, "--", id]);
            assert!(answer.contains("a container id begins with a letter or digit"), "{verb} {id:?}: {answer}");
        }
    }
    assert!(bundle.world.run().join("other/state.json").exists());
    std::fs::remove_dir_all(bundle.world.run().join("podling-runtime")).unwrap();
}

#[test]
fn options_may_come_after_the_id_and_the_state_be_elsewhere() {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.write();
    let dir = bundle.dir().to_str().unwrap();
    assert_eq!(bundle.runtime(&["--root", "state", "create", "box", "--bundle", dir, "--pid-file=pid"]), "");
    assert!(bundle.dir().join("state/box").exists());
    assert_eq!(bundle.status("box"), "none");
    assert_eq!(bundle.runtime(&["--root", "state", "--rootless=true", "delete", "box", "--force"]), "");
    assert!(!bundle.dir().join("state/box").exists());
}

#[test]
fn descriptors_are_kept_only_when_asked_for() {
    let script = "ls /proc/self/fd | tr '\\n' ' '";
    let bundle = Bundle::new().shell(script);
    bundle.write();
    let run = |flag: &str| {
        let script = format!("exec runtime run {flag} box 3</dev/null 4</dev/null 5</dev/null 9</dev/null");
        let script = script.replace("runtime", bundle.world.process("runtime").get_program().to_str().unwrap());
        let mut command = bundle.world.process("/bin/sh");
        told(command.args(["-c", &script]).current_dir(bundle.dir()).stdin(Stdio::null()).output().unwrap())
    };
    // ls itself has one more.
    assert_eq!(run(""), "0 1 2 3 ");
    assert_eq!(run("--preserve-fds 2"), "0 1 2 3 4 5 ");
}

#[test]
fn what_has_no_cgroup_has_no_limits_to_change() {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.create("box");
    for (words, what) in
        [(["update", "--memory", "5M", "box"], "update"), (["events", "--interval", "5ms", "box"], "watch")]
    {
        assert_eq!(
            bundle.runtime(&words),
            format!(
                "Error: cannot {what} container box: it has no cgroup of its own\nHint: this needs cgroup v2, and \
                 linux.cgroupsPath or a limit in the container's configuration\n[exit 125]\n"
            )
        );
    }
    let said = bundle.runtime(&["exec", "--cgroup", "below", "box", "true"]);
    assert_eq!(said, "Error: --cgroup below: the container has no cgroup of its own\n[exit 125]\n");
    assert!(
        bundle.runtime(&["update", "--memory", "much", "box"]).starts_with("Error: --memory: invalid size: 'much'")
    );
}

#[test]
fn checkpoints_are_roots() {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.create("box");
    let said =
        "Error: to checkpoint and restore a container takes root: criu sets what only root may set\n[exit 125]\n";
    assert_eq!(bundle.runtime(&["checkpoint", "box"]), said);
    assert_eq!(bundle.runtime(&["restore", "--image-path", "nowhere", "other"]), said);
    assert_eq!(bundle.left(), ["box"]);
    assert!(!bundle.dir().join("checkpoint").exists());
}
