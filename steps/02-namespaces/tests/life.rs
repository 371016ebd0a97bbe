//! The program is process 1 of its namespace: all that it started ends with it, and with us.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use support::pty::Terminal;
use support::{World, observe};

/// Starts `sh -c SCRIPT` in namespaces, where the script leaves `sleep SECONDS` to process 1; its id outside.
fn with_an_orphan(world: &World, script: &str, seconds: &str) -> (Child, u32) {
    let script = format!("(setsid sleep {seconds} &); {script}");
    let mut command = world.process("namespaces");
    let child = command.args(["run", "-i", "sh", "-c", &script]).stdin(Stdio::piped()).spawn().unwrap();
    let orphan = observe::await_program(child.id(), &["sleep", seconds]);
    (child, orphan)
}

#[test]
fn nothing_outlives_the_program() {
    let world = World::new();
    // It ends when its input does.
    let (mut child, orphan) = with_an_orphan(&world, "cat; exit 3", "4256");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
    observe::await_end(orphan);
}

#[test]
fn nothing_outlives_the_runner() {
    let world = World::new();
    let (mut child, orphan) = with_an_orphan(&world, "cat", "4257");
    let program = observe::await_program(child.id(), &["cat"]);
    child.kill().unwrap();
    child.wait().unwrap();
    for pid in [program, orphan] {
        observe::await_end(pid);
    }
    assert_eq!(observe::processes_of(world.root()), [0; 0]);
}

/// The kernel spares process 1 every signal that it has no handler for; ours is forwarded all the same.
#[test]
fn signals_reach_process_1_when_it_has_a_handler() {
    let world = World::new();
    let script = "trap 'exit 7' TERM; echo ready >ready; while :; do sleep 0.02; done";
    let mut child = world.process("namespaces").args(["run", "sh", "-c", script]).spawn().unwrap();
    observe::await_some("its trap", || Path::new(&world.root().join("home/ready")).exists().then_some(()));
    observe::kill(child.id(), 15);
    assert_eq!(child.wait().unwrap().code(), Some(7));

    let mut child = world.process("namespaces").args(["run", "sleep", "4258"]).spawn().unwrap();
    let program = observe::await_program(child.id(), &["sleep", "4258"]);
    observe::kill(child.id(), 15);
    // Taken from the runner, and thrown away: no signal waits for the program.
    observe::await_some("the signal's way", || {
        let status = |pid| observe::status(pid)["ShdPnd"] == "0000000000000000";
        (status(child.id()) && status(program)).then_some(())
    });
    assert!(observe::runs(program) && child.try_wait().unwrap().is_none());
    observe::kill(program, 9);
    assert_eq!(child.wait().unwrap().code(), Some(137));
}

#[test]
fn it_has_a_terminal_of_its_own() {
    let world = World::new();
    let script = "stty size; trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.02; done";
    let mut terminal = Terminal::spawn(&world, "namespaces", &["run", "-it", "sh", "-c", script]);
    terminal.expect("ready");
    terminal.send("\x03");
    terminal.expect("caught");
    assert_eq!(terminal.wait().code(), Some(7));
    assert!(terminal.screen().starts_with("24 80\n"), "{}", terminal.screen());
}

#[test]
fn no_mount_of_ours_is_seen_outside() {
    let world = World::new();
    world.dir("home/mine");
    let script = "mount -t tmpfs none mine && touch mine/inside && ls mine";
    world.command("namespaces").args(["run", "sh", "-c", script]).assert().success().stdout("inside\n");
    assert_eq!(fs::read_dir(world.root().join("home/mine")).unwrap().count(), 0);
    assert!(observe::mounts_below(world.root()).is_empty());
}
