//! kill -9, anywhere and at any time: the container dies with its keepers, nothing of it is left but what was to be
//! kept, and the next command mends the rest.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use common::Podling;
use support::image::BUSYBOX;
use support::observe::{self, await_some, kill};

/// Everything that the container of this command is made of has ended. A process that is ending has lost its
/// environment before its locks, so these are looked at as well.
fn await_silence(podling: &Podling) {
    let root = podling.world.root();
    await_some("the end of all processes", || observe::processes_of(root).is_empty().then_some(()));
    for id in podling.entries("running") {
        let lock = podling.world.data().join("podling/running").join(id);
        await_some("a lock", || {
            Command::new("flock").arg("-n").arg(&lock).arg("true").status().unwrap().success().then_some(())
        });
    }
}

/// A command with nothing on its input that never ends.
fn start(podling: &Podling, words: &[&str]) -> Child {
    let mut command = podling.world.process("podling");
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// The mounts of the host below this test's own directory; what others do elsewhere meanwhile is theirs.
fn mounts(podling: &Podling) -> Vec<String> {
    let root = podling.world.root().display().to_string();
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap();
    text.lines().filter(|line| line.contains(&root)).map(str::to_string).collect()
}

/// The monitor, a child of the command, and the program in the container.
fn chain(child: &Child, program: &str) -> [u32; 2] {
    let pid = observe::await_program(child.id(), &[program]);
    let monitor = observe::children(child.id());
    assert_eq!(monitor.len(), 1, "one child");
    [monitor[0], pid]
}

/// What the engine knows of the life of its only container.
fn life(podling: &Podling) -> String {
    let id = podling.entries("containers").remove(0);
    fs::read_to_string(podling.world.data().join("podling/containers").join(id).join("life.json")).unwrap()
}

#[test]
fn whoever_keeps_it_is_killed_the_container_ends_and_the_next_command_sweeps() {
    let podling = Podling::new();
    for victim in 0..2 {
        let words = ["run", "--rm", "-i", "--name", "victim", BUSYBOX, "cat"];
        let mut child = start(&podling, &words);
        let pids = chain(&child, "cat");
        kill(pids[victim], 9);
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(137), "{victim}");
        await_silence(&podling);
        // The name is free again at once.
        assert_eq!(podling.out(&["--name", "victim"], &["echo", "alive"]), "alive\n");
        podling.assert_clean();
    }
    assert_eq!(mounts(&podling), [""; 0]);
}

#[test]
fn whoever_only_looks_is_killed_and_the_container_goes_on() {
    let podling = Podling::new();
    let mut child = start(&podling, &["run", "--rm", "-i", "--name", "alive", BUSYBOX, "cat"]);
    let [monitor, program] = chain(&child, "cat");
    kill(child.id(), 9);
    child.wait().unwrap();
    assert_eq!(
        podling.shown(&["ps", "--format", "{{.Names}} {{.State}}"]),
        "$ podling ps --format '{{.Names}} {{.State}}'\nalive running\n\n"
    );
    assert!(observe::runs(monitor) && observe::runs(program));
    podling.world.command("podling").args(["rm", "-f", "-t", "0", "alive"]).assert().success();
    await_silence(&podling);
    podling.assert_clean();
}

#[test]
fn a_kept_container_is_marked_and_its_name_stays_its_own() {
    let podling = Podling::new();
    for victim in 0..2 {
        let mut child = start(&podling, &["run", "-i", "--name", "kept", BUSYBOX, "cat"]);
        let pids = chain(&child, "cat");
        kill(pids[victim], 9);
        child.wait().unwrap();
        await_silence(&podling);
        // Any command that looks at containers mends the record.
        let refused = podling.run(&["--name", "kept"], &["true"]);
        assert!(refused.contains("already in use") && refused.ends_with("[exit 125]\n\n"), "{refused}");
        assert_eq!(podling.entries("running"), [""; 0]);
        let life = life(&podling);
        assert!(life.contains(r#""exit_code":137"#), "{life}");
        podling.world.command("podling").args(["rm", "kept"]).assert().success();
        podling.assert_clean();
    }
}

#[test]
fn killed_at_any_moment_of_its_start_it_leaves_nothing_for_long() {
    let podling = Podling::new();
    // How long a whole life takes here and now; each round is killed at a later part of it.
    let began = Instant::now();
    podling.out(&["--name", "short"], &["true"]);
    let life = began.elapsed();
    let rounds = 30;
    for round in 0..rounds {
        let mut child = start(&podling, &["run", "--rm", "-i", "--name", "short", BUSYBOX, "true"]);
        let moment = Instant::now() + life * round / rounds;
        // All of the command's processes in turn, whichever are there at that moment.
        while Instant::now() < moment && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        let victims = [vec![child.id()], observe::descendants(child.id())].concat();
        kill(victims[round as usize % victims.len()], 9);
        child.wait().unwrap();
        await_silence(&podling);
        assert_eq!(podling.out(&["--name", "short"], &["echo", "alive"]), "alive\n", "round {round}");
        podling.assert_clean();
    }
    assert_eq!(mounts(&podling), [""; 0]);
}

#[test]
fn killed_at_each_step_of_what_it_writes() {
    let podling = Podling::new();
    let root = podling.world.data().join("podling");
    let any = |directory: &str, file: &str| {
        let entries = fs::read_dir(root.join(directory)).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| file.is_empty() || entry.path().join(file).exists())
    };
    let points = [
        ("running", ""),
        ("container-names", ""),
        ("containers", ""),
        ("containers", "upper"),
        ("containers", "work"),
        ("containers", "container.json.new"),
        ("containers", "container.json"),
        ("containers", "attach"),
        ("containers", "life.json.new"),
        ("containers", "life.json"),
    ];
    for (directory, file) in points {
        let mut child = start(&podling, &["run", "--rm", "-i", BUSYBOX, "true"]);
        // It may be over before we see it.
        while !any(directory, file) && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        for pid in observe::processes_of(podling.world.root()) {
            kill(pid, 9);
        }
        child.wait().unwrap();
        await_silence(&podling);
        assert_eq!(podling.out(&[], &["echo", "alive"]), "alive\n", "{directory}/{file}");
        podling.assert_clean();
    }
}

#[test]
fn what_a_dead_keeper_left_is_swept_whatever_it_is() {
    let podling = Podling::new();
    let root = podling.world.data().join("podling");
    podling.out(&[], &["true"]);
    // As if killed after each of the first steps.
    let id = |digit: &str| digit.repeat(64);
    let write = |path: &Path, text: &str| podling.world.write(root.join(path), text);
    write(&Path::new("running").join(id("1")), "");
    write(&Path::new("running").join(id("2")), "");
    write(&Path::new("container-names").join(format!(".{}", id("2"))), &id("2"));
    write(&Path::new("running").join(id("3")), "");
    write(Path::new("container-names/three"), &id("3"));
    write(&Path::new("running").join(id("4")), "");
    write(Path::new("container-names/four"), &id("4"));
    let made = root.join("containers").join(id("4"));
    fs::create_dir_all(made.join("upper")).unwrap();
    podling.world.dir(&made);
    write(&Path::new("running").join(id("5")), "");
    write(Path::new("container-names/five"), &id("5"));
    podling.world.dir(root.join("containers").join(id("5")));
    write(&Path::new("containers").join(id("5")).join("container.json.new"), "{\"id\":");
    podling.out(&[], &["true"]);
    podling.assert_clean();
}

#[test]
fn a_status_that_was_written_stays() {
    let podling = Podling::new();
    podling.shown(&["run", "--name", "kept", BUSYBOX, "sh", "-c", "exit 3"]);
    let id = podling.entries("containers").remove(0);
    // As if killed between the record and the end of its lock.
    podling.world.write(podling.world.data().join("podling/running").join(&id), "");
    podling.out(&[], &["true"]);
    let life = life(&podling);
    assert!(life.contains(r#""exit_code":3"#), "{life}");
    assert_eq!(podling.entries("running"), [""; 0]);
}

#[test]
fn one_that_cannot_be_mended_is_in_nobodys_way() {
    let podling = Podling::new();
    podling.out(&[], &["true"]);
    let root = podling.world.data().join("podling");
    let id = "6".repeat(64);
    podling.world.dir(root.join("containers").join(&id));
    // As after a power failure.
    let record = podling.world.write(root.join("containers").join(&id).join("container.json"), "");
    podling.world.write(root.join("running").join(&id), "");
    assert_eq!(podling.out(&["--name", "other"], &["echo", "alive"]), "alive\n");
    podling.shown(&["run", "--name", "kept", BUSYBOX, "true"]);
    assert_eq!(podling.shown(&["rm", "kept"]), "$ podling rm kept\nkept\n\n");
    assert_eq!(podling.entries("running"), [id]);
    fs::remove_file(record).unwrap();
    podling.out(&[], &["true"]);
    podling.assert_clean();
}
