//! Containers with ids of their own: `--userns keep-id`, `--uidmap`, `--gidmap`.

mod common;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use common::{Podling, text};
use support::{observe, user};

#[test]
fn the_caller_stays_itself() {
    let podling = Podling::new();
    let me = user();
    let cat = podling.cat(&["--userns=keep-id", "--network=none", "--name=mine"]);
    // Seen from outside: the caller is itself, and root in the container is a subordinate id.
    let (id, sub) = (u64::from(me.uid), u64::from(me.subuid.0));
    let count = u64::from(me.subuid.1);
    assert_eq!(observe::uid_map(cat.pid), [[0, sub, id], [id, id, 1], [id + 1, sub + id, count - id]]);
    assert_eq!(observe::status(cat.pid)["Uid"], [me.uid; 4].map(|id| id.to_string()).join(" "));
    assert_eq!(observe::own_namespaces(cat.pid), observe::NAMESPACES);
    let exec = |words: &[&str]| {
        let mut command = podling.world.command("podling");
        text(command.arg("exec").args(words).output().unwrap())
    };
    let name = &me.name;
    assert_eq!(
        exec(&["mine", "id"]),
        format!("uid={}({name}) gid={}({name}) groups={}({name})\n", me.uid, me.gid, me.gid)
    );
    assert_eq!(exec(&["-u", "0", "mine", "id", "-u"]), "0\n");
    cat.end();
    podling.assert_clean();
}

#[test]
fn the_images_files_have_the_right_owners() {
    let podling = Podling::new();
    let flags = ["--userns=keep-id", "--network=none"];
    let owners = "stat -c '%u:%g %n' / /bin /bin/busybox /etc /etc/hosts /etc/passwd /run";
    let expected = podling.out(&["--network=none"], &["sh", "-c", owners]);
    assert_eq!(podling.out(&flags, &["sh", "-c", owners]), expected);
    assert!(expected.lines().all(|line| line.starts_with("0:0 ")), "{expected}");
    // Not root's, who may do there what it likes.
    assert!(podling.run(&flags, &["touch", "/x"]).ends_with("[exit 1]\n\n"));
    let root = [&flags[..], &["-u", "0"]].concat();
    assert_eq!(podling.out(&root, &["sh", "-c", "touch /x; chown 7:8 /x; stat -c %u:%g /x"]), "7:8\n");
    // One copy for all, which goes with its image.
    assert_eq!(podling.entries("mapped").len(), 1);
    podling.out(&["--network=none", "--uidmap=0:1:100", "--uidmap=100:0:1"], &["true"]);
    assert_eq!(podling.entries("mapped").len(), 2);
    podling.shown(&["rmi", "-f", support::image::BUSYBOX]);
    assert_eq!(podling.entries("mapped"), [""; 0]);
}

#[test]
fn what_it_writes_is_the_callers() {
    let podling = Podling::new();
    let directory = podling.world.dir("mine");
    let volume = format!("{}:/mine", directory.display());
    podling.out(&["--userns=keep-id", "--network=none", "-v", &volume], &["touch", "/mine/file"]);
    assert_eq!(directory.join("file").metadata().unwrap().uid(), user().uid);
    let flags = ["--userns=keep-id:uid=1234,gid=5678", "--network=none", "-v", &volume];
    assert_eq!(podling.out(&flags, &["stat", "-c", "%u:%g", "/mine/file"]), "1234:5678\n");
    let flags = ["--userns=keep-id", "--network=none", "-v", "named:/data"];
    let own = format!("{}:{}\n", user().uid, user().gid);
    assert_eq!(podling.out(&flags, &["sh", "-c", "touch /data/file; stat -c %u:%g /data/file"]), own);
}

#[test]
fn maps_that_cannot_be() {
    let podling = Podling::new();
    for (flags, words) in [
        (&["--userns=else"][..], "unrecognized namespace mode else passed"),
        (&["--userns=keep-id:x=1"], "unknown or invalid option \"x=1\" of --userns keep-id"),
        (&["--userns=keep-id", "--uidmap=0:0:1"], "--userns and --uidmap or --gidmap cannot be used together"),
        (&["--uidmap=0:0:9000000"], "map 9000000 user ids from 0 on: there are"),
        (&["--uidmap=5:0:1"], "nobody has id 0 inside, and a container begins as its root"),
        (&["--uidmap=a"], "invalid mapping \"a\""),
        (&["--uidmap=0:0:9", "--uidmap=8:20:5"], "\"0:0:9\" and \"8:20:5\": they have ids inside in common"),
        (&["--userns=auto:uidmapping=0:7:1,uidmapping=1:5:5"], "they have ids outside in common"),
    ] {
        let shown = podling.run(flags, &["true"]);
        assert!(shown.contains(words) && shown.ends_with("[exit 125]\n\n"), "{shown}");
        podling.assert_clean();
        // Nothing was copied for it.
        assert_eq!(podling.entries("mapped"), [""; 0]);
    }
}

#[test]
fn copies_that_nobody_needs_are_pruned() {
    let podling = Podling::new();
    let create = |name: &str, flags: &[&str]| {
        let words = [&["create", "--network=none", "--name", name], flags, &[support::image::BUSYBOX, "true"]].concat();
        podling.world.command("podling").args(words).assert().success();
        podling.world.command("podling").args(["start", "-a", name]).assert().success();
    };
    create("kept", &["--userns=keep-id"]);
    create("given", &["--uidmap=0:1:100", "--uidmap=100:0:1"]);
    let mount = ["--userns=keep-id:uid=7,gid=7", "--mount=type=image,src=busybox,dst=/x"];
    create("mounts", &mount);
    podling.out(&["--network=none", "--userns=keep-id:uid=9,gid=9"], &["true"]);
    assert_eq!(podling.entries("mapped").len(), 4);
    let prune = || {
        podling.world.command("podling").args(["image", "prune", "-f"]).assert().success();
        podling.entries("mapped").len()
    };
    assert_eq!(prune(), 3);
    for (name, left) in [("given", 2), ("mounts", 1), ("kept", 0)] {
        podling.world.command("podling").args(["rm", name]).assert().success();
        assert_eq!(prune(), left, "{name}");
    }
    // The image is there as before.
    assert_eq!(podling.out(&["--network=none", "--userns=keep-id", "-u0"], &["echo", "still"]), "still\n");
    podling.assert_clean();
}

/// None takes another one's half-made copy for what a dead one left.
#[test]
fn many_at_once_need_the_copy() {
    let podling = Podling::new();
    for round in 0..4 {
        // Another map each time, so that there is none yet.
        let mode = format!("--userns=keep-id:uid={}", 2000 + round);
        let begin = || {
            let mut command = podling.world.process("podling");
            let command = command.args(["run", "--rm", &mode, "--network=none", support::image::BUSYBOX, "true"]);
            command.stdin(Stdio::null()).spawn().unwrap()
        };
        let children: Vec<_> = (0..6).map(|_| begin()).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(podling.entries("mapped").len(), 1 + round);
    }
}

/// Killed while the copy is made: the next one makes it, and what was left of the first is gone.
#[test]
fn a_copy_that_was_not_finished() {
    let podling = Podling::new();
    let mapped = podling.world.data().join("podling/mapped");
    for round in 0..12 {
        let mut command = podling.world.process("podling");
        let command =
            command.args(["run", "--rm", "--userns=keep-id", "--network=none", support::image::BUSYBOX, "true"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(2 * round));
        for pid in observe::processes_of(podling.world.root()) {
            observe::kill(pid, 9);
        }
        child.wait().unwrap();
        // Who is dying still holds its container.
        let root = podling.world.root();
        observe::await_some("their end", || observe::processes_of(root).is_empty().then_some(()));
        observe::await_some("a clean store", || {
            podling.out(&["--userns=keep-id", "--network=none"], &["true"]);
            podling.entries("containers").is_empty().then_some(())
        });
        let entries = fs::read_dir(&mapped).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let entries: Vec<String> = entries.collect();
        assert!(entries.iter().filter(|name| !name.starts_with("draft")).count() == 1, "{entries:?}");
        if round % 3 == 0 {
            // So that it is made anew; with the image it goes, and the drafts as well.
            podling.shown(&["rmi", "-f", support::image::BUSYBOX]);
            assert_eq!(podling.entries("mapped"), [""; 0]);
            podling.load(&support::busybox_archive(&podling.world));
        }
        podling.assert_clean();
    }
}
