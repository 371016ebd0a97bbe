//! Process 1 of ours, and the program as its child (`--init`).

use std::fs::OpenOptions;
use std::process::Stdio;

use support::pty::Terminal;
use support::{World, observe};

#[test]
fn signals_that_a_process_1_is_spared_reach_the_program() {
    let world = World::new();
    let run =
        |flags: &[&str]| world.process("namespaces").arg("run").args(flags).args(["sleep", "4261"]).spawn().unwrap();
    let mut alone = run(&[]);
    let program = observe::await_program(alone.id(), &["sleep", "4261"]);
    assert!(observe::status(program)["NSpid"].ends_with(" 1"));
    let mut with_init = run(&["--init"]);
    let program = observe::await_program(with_init.id(), &["sleep", "4261"]);
    let init: u32 = observe::status(program)["PPid"].parse().unwrap();
    assert!(observe::status(init)["NSpid"].ends_with(" 1"));
    assert_eq!(observe::cmdline(init), ["/run/podling-init", "--", "sleep", "4261"]);
    observe::kill(alone.id(), 15);
    observe::kill(with_init.id(), 15);
    assert_eq!(with_init.wait().unwrap().code(), Some(143));
    assert!(alone.try_wait().unwrap().is_none());
    observe::kill(alone.id(), 9);
    alone.wait().unwrap();
}

#[test]
fn orphans_are_reaped() {
    let world = World::new();
    // Its parent leaves it at once; it ends, and is no zombie of a process that never asks for it.
    let orphan = "(sh -c 'sleep 0.01 & echo $! >pid'); read word; exit 7";
    for (flags, left) in [(&["--init"][..], false), (&[], true)] {
        let _ = std::fs::remove_file(world.root().join("home/pid"));
        let mut command = world.process("namespaces");
        let command = command.args(["run", "-i"]).args(flags).args(["sh", "-c", &format!("exec 3<&0; {orphan}")]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        observe::await_some("the orphan", || {
            std::fs::read(world.root().join("home/pid")).ok().filter(|pid| !pid.is_empty())
        });
        let shell = observe::await_program(child.id(), &["sh", "-c"]);
        let first = if left { shell } else { observe::status(shell)["PPid"].parse().unwrap() };
        let zombies = || {
            let of_first = observe::children(first).into_iter().filter(|pid| *pid != shell);
            of_first.map(observe::runs).collect::<Vec<bool>>()
        };
        let wanted: &[bool] = if left { &[false] } else { &[] };
        observe::await_some("its end", || (zombies() == wanted).then_some(()));
        drop(child.stdin.take());
        assert_eq!(child.wait().unwrap().code(), Some(7));
    }
}

#[test]
fn the_terminal_is_the_programs() {
    let world = World::new();
    let mut terminal = Terminal::spawn(&world, "namespaces", &["run", "-it", "--init", "sh"]);
    terminal.expect("#");
    terminal.send("sleep 4262\n");
    let _ = observe::await_program(terminal.pid(), &["sleep", "4262"]);
    terminal.send("\x03");
    terminal.send("echo $((6*7)); exit 5\n");
    terminal.expect("42");
    assert_eq!(terminal.wait().code(), Some(5));
}

/// CVE-2019-5736: what is process 1 in the container is the host's program.
#[test]
fn what_is_not_there_says_so_and_our_program_stays_as_it_is() {
    let world = World::new();
    let output = world.command("namespaces").args(["run", "--init", "nothing"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), said.as_str()),
        (Some(127), "Error: executable file \"nothing\" not found in $PATH\n")
    );
    let mut child = world.process("namespaces").args(["run", "--init", "sleep", "4263"]).spawn().unwrap();
    let program = observe::await_program(child.id(), &["sleep", "4263"]);
    let init = observe::status(program)["PPid"].clone();
    assert!(OpenOptions::new().write(true).open(format!("/proc/{init}/exe")).is_err());
    observe::kill(child.id(), 15);
    child.wait().unwrap();
}
