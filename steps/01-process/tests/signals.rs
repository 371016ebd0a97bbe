//! Signals reach the program, and its end is ours.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use support::{World, observe};

fn start(world: &World, args: &[&str]) -> Child {
    world.process("process").arg("run").args(args).stdin(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_signal_is_forwarded() {
    let world = World::new();
    // Also those that no name stands for, and those that would not end us.
    for signal in [1, 2, 3, 10, 12, 14, 15, 23, 28, 29, 34, 37, 64] {
        let script = format!("trap 'echo signal {signal}; exit 7' {signal}; echo ready; while :; do sleep 0.02; done");
        let mut command = world.process("process");
        let mut child = command.args(["run", "bash", "-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(lines.next().unwrap(), "ready");
        observe::kill(child.id(), signal);
        assert_eq!(lines.next().unwrap(), format!("signal {signal}"));
        assert_eq!(child.wait().unwrap().code(), Some(7), "signal {signal}");
    }
}

#[test]
fn a_signal_that_ends_the_program_is_in_the_status() {
    let world = World::new();
    for signal in [1, 2, 15, 37] {
        let mut child = start(&world, &["sleep", "4242"]);
        let program = observe::await_program(child.id(), &["sleep", "4242"]);
        observe::kill(child.id(), signal);
        let status = child.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (Some(128 + signal), None));
        assert!(!observe::runs(program));
    }
}

#[test]
fn a_killed_runner_takes_its_program_along() {
    let world = World::new();
    let mut child = start(&world, &["sleep", "4243"]);
    let program = observe::await_program(child.id(), &["sleep", "4243"]);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    observe::await_end(program);
}

#[test]
fn a_stopped_program_has_not_ended() {
    let world = World::new();
    let mut child = start(&world, &["sleep", "4244"]);
    let program = observe::await_program(child.id(), &["sleep", "4244"]);
    observe::kill(program, 19);
    observe::await_some("the stop", || observe::status(program)["State"].starts_with('T').then_some(()));
    assert!(child.try_wait().unwrap().is_none());
    // SIGCONT is forwarded too.
    observe::kill(child.id(), 18);
    observe::await_some("the program to go on", || observe::status(program)["State"].starts_with('S').then_some(()));
    observe::kill(child.id(), 15);
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn the_program_starts_with_no_signal_blocked_and_dies_of_a_broken_pipe() {
    let world = World::new();
    let mut child = start(&world, &["sleep", "4245"]);
    let status = observe::status(observe::await_program(child.id(), &["sleep", "4245"]));
    assert_eq!(status["SigBlk"], "0000000000000000");
    assert_eq!(u64::from_str_radix(&status["SigIgn"], 16).unwrap() & 1 << 12, 0, "SIGPIPE is not ignored");
    observe::kill(child.id(), 15);
    child.wait().unwrap();

    let mut child = world.process("process").args(["run", "yes"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(128 + 13));
}
