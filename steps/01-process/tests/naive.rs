//! The holes of the obvious way, each beside the proof that ours has closed it.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use insta::assert_snapshot;
use support::{World, observe, settings};

/// Starts `runner sleep 4250`, sends SIGTERM to the runner, and tells what became of both.
fn terminated(runner: &[&str]) -> String {
    let world = World::new();
    let mut command = world.process(runner[0]);
    let mut child = command.args(&runner[1..]).args(["sleep", "4250"]).stderr(Stdio::null()).spawn().unwrap();
    let program = observe::await_program(child.id(), &["sleep", "4250"]);
    observe::kill(child.id(), 15);
    let status = child.wait().unwrap();
    let lives = observe::runs(program);
    if lives {
        observe::kill(program, 9);
        observe::await_end(program);
    }
    format!("the runner: {}\nthe program: {}\n", ended(status), if lives { "lives on" } else { "has ended" })
}

/// What the caller learns when the program ends in this way.
fn told(runner: &[&str], program: &[&str]) -> String {
    let world = World::new();
    let status = world.process(runner[0]).args(&runner[1..]).args(program).stderr(Stdio::null()).status().unwrap();
    format!("{}: {}\n", program.join(" "), ended(status))
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (_, signal) => format!("killed by signal {}", signal.unwrap()),
    }
}

const WAYS: [&[&str]; 4] =
    [&["sh", "-c", "exit 1"], &["sh", "-c", "kill -KILL $$"], &["no-such-program"], &["/etc/passwd"]];

#[test]
fn a_terminated_runner() {
    settings().bind(|| {
        assert_snapshot!("naive_terminated", terminated(&["process-naive"]));
        assert_snapshot!("terminated", terminated(&["process", "run"]));
    });
}

#[test]
fn what_the_caller_learns() {
    settings().bind(|| {
        assert_snapshot!("naive_told", WAYS.map(|program| told(&["process-naive"], program)).concat());
        assert_snapshot!("told", WAYS.map(|program| told(&["process", "run"], program)).concat());
    });
}

/// A program that its runner has not waited for stays in the process table when it has ended.
#[test]
fn a_stopped_runner_leaves_a_zombie_only_while_it_is_stopped() {
    let world = World::new();
    let mut child = world.process("process").args(["run", "sleep", "4251"]).spawn().unwrap();
    let program = observe::await_program(child.id(), &["sleep", "4251"]);
    observe::kill(child.id(), 19);
    observe::kill(program, 9);
    observe::await_some("a zombie", || observe::status(program)["State"].starts_with('Z').then_some(()));
    observe::kill(child.id(), 18);
    assert_eq!(child.wait().unwrap().code(), Some(137));
    assert!(!std::path::Path::new(&format!("/proc/{program}")).exists());
}
