//! What the program gets from its caller, and what it does not.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use support::pty::Terminal;
use support::{World, observe, rootless};

/// Starts `runner ARG...` with /etc/hostname open as descriptor 7, and finds the program.
fn with_a_leak(world: &World, runner: &[&str], program: &[&str]) -> (Child, u32) {
    let runner_path = world.process(runner[0]).get_program().to_owned();
    let mut command = world.process("sh");
    command.args(["-c", r#"exec 7</etc/hostname; exec "$0" "$@""#]).arg(runner_path).args(&runner[1..]).args(program);
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    let pid = observe::await_program(child.id(), program);
    (child, pid)
}

/// Where the descriptors of a process lead.
fn descriptors(pid: u32) -> BTreeMap<u32, String> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(Result::unwrap);
    let link = |entry: fs::DirEntry| {
        // It may be closed by now.
        let target = fs::read_link(entry.path()).ok()?;
        Some((entry.file_name().to_str()?.parse().ok()?, target.to_str()?.to_owned()))
    };
    entries.filter_map(link).collect()
}

/// CVE-2024-21626: a descriptor of the host's file system stayed open in the container, and led out of it.
#[test]
fn no_descriptor_of_the_caller_is_open_in_the_program() {
    let world = World::new();
    let (mut child, program) = with_a_leak(&world, &["process", "run"], &["sleep", "4246"]);
    assert_eq!(descriptors(child.id())[&7], "/etc/hostname", "we do have it");
    // While it loads its libraries it has one of them open.
    observe::await_some("none but the standard descriptors", || {
        descriptors(program).into_keys().eq(0..3).then_some(())
    });
    observe::kill(child.id(), 15);
    child.wait().unwrap();
}

#[test]
fn naive_every_descriptor_of_the_caller_is_open_in_the_program() {
    let world = World::new();
    let (mut child, program) = with_a_leak(&world, &["process-naive"], &["sleep", "4247"]);
    assert_eq!(descriptors(program)[&7], "/etc/hostname");
    observe::kill(program, 9);
    child.wait().unwrap();
}

#[test]
fn standard_input_is_empty_unless_asked_for() {
    rootless("process").args(["run", "cat"]).write_stdin("typed").assert().success().stdout("");
    rootless("process").args(["run", "-i", "cat"]).write_stdin("typed").assert().success().stdout("typed");
    rootless("process").args(["run", "readlink", "/proc/self/fd/0"]).assert().success().stdout("/dev/null\n");
}

/// `/proc/PID/stat` from the fourth field on: ppid, pgrp, session, tty.
fn stat(pid: u32) -> Vec<i64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = text.rsplit_once(')').unwrap();
    rest.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect()
}

#[test]
fn the_program_leads_a_session_without_the_callers_terminal() {
    let world = World::new();
    let mut terminal = Terminal::spawn(&world, "process", &["run", "sleep", "4248"]);
    let program = observe::await_program(terminal.pid(), &["sleep", "4248"]);
    let (ours, its) = (stat(terminal.pid()), stat(program));
    assert_eq!(its[..4], [terminal.pid().into(), program.into(), program.into(), 0]);
    assert_ne!(ours[3], 0, "we have a terminal");
    observe::kill(terminal.pid(), 9);
    assert_eq!(terminal.wait().signal(), Some(9));
    observe::await_end(program);
}

/// Runs the program that types into its caller's terminal by `runner`; then the shell there reads a line.
fn typist(world: &World, runner: &str) -> Terminal {
    let path = |bin: &str| world.process(bin).get_program().to_str().unwrap().to_owned();
    let mut words = runner.split(' ');
    let runner = [path(words.next().unwrap()), words.collect::<Vec<_>>().join(" ")].join(" ");
    let script = format!("{runner} {}; read line; echo \"the shell has read: $line\"", path("process-typist"));
    Terminal::spawn(world, "/bin/sh", &["-c", &script])
}

/// CVE-2017-5226: a program types a command, and the shell of the caller executes it.
#[test]
fn the_program_cannot_type_into_the_callers_terminal() {
    let world = World::new();
    let mut terminal = typist(&world, "process run");
    terminal.expect("cannot type: Operation not permitted");
    terminal.send("mine\r");
    terminal.expect("the shell has read: mine\n");
    assert!(terminal.wait().success());
}

#[test]
fn naive_the_program_types_into_the_callers_terminal() {
    let world = World::new();
    let mut terminal = typist(&world, "process-naive");
    // Since Linux 6.2 the administrator, or the distribution, can take it away.
    if fs::read_to_string("/proc/sys/dev/tty/legacy_tiocsti").is_ok_and(|text| text.trim() == "0") {
        return terminal.expect("cannot type: Input/output error");
    }
    terminal.expect("the shell has read: echo typed by the program\n");
    assert!(terminal.wait().success());
}
