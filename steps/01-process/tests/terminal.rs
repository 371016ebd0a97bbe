//! A terminal of its own for the program, and the caller's is left as it was.

use std::fs::{self, File};
use std::io::Read;
use std::process::Stdio;

use nix::sys::termios::{LocalFlags, tcgetattr};
use support::pty::Terminal;
use support::{World, observe, rootless};

/// `process run OPTIONS sh -c SCRIPT` on a terminal that is typed on.
fn run(world: &World, options: &str, script: &str) -> Terminal {
    Terminal::spawn(world, "process", &["run", options, "sh", "-c", script])
}

/// Runs `script` on a terminal; `$0` in it is the path of `process`.
fn shell(world: &World, script: &str) -> Terminal {
    let path = world.process("process").get_program().to_str().unwrap().to_owned();
    Terminal::spawn(world, "/bin/sh", &["-c", script, &path])
}

/// Whether the terminal that is the standard input of this process shows what is typed.
fn echoes(pid: u32) -> bool {
    let terminal = File::open(format!("/proc/{pid}/fd/0")).unwrap();
    tcgetattr(terminal).unwrap().local_flags.contains(LocalFlags::ECHO)
}

#[test]
fn it_is_another_one_of_the_same_size_and_controls_its_session() {
    let world = World::new();
    let mut terminal = shell(&world, r#"tty; "$0" run -it sh -c 'tty; stty size; : >/dev/tty && read x; echo got $x'"#);
    terminal.send("hello\r");
    terminal.expect("got hello");
    assert!(terminal.wait().success());
    let screen = terminal.screen();
    let names: Vec<&str> = screen.lines().filter(|line| line.starts_with("/dev/pts/")).collect();
    assert!(names.len() == 2 && names[0] != names[1], "{screen}");
    assert!(screen.contains("24 80"), "{screen}");
}

#[test]
fn its_size_follows() {
    let world = World::new();
    let script = "trap 'stty size; exit 7' WINCH; echo ready; while :; do sleep 0.02; done";
    for options in ["-it", "-t"] {
        let mut terminal = run(&world, options, script);
        terminal.expect("ready");
        terminal.resize(30, 100);
        terminal.expect("30 100");
        assert_eq!(terminal.wait().code(), Some(7));
        assert!(!terminal.screen().contains("24 80"), "it had that size from the beginning");
    }
}

#[test]
fn ctrl_c_is_for_the_program() {
    let world = World::new();
    let script = "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.02; done";
    // Typed on its terminal, forwarded from the caller's, and forwarded without any of its own.
    for options in ["-it", "-t", "-i"] {
        let mut terminal = run(&world, options, script);
        terminal.expect("ready");
        terminal.send("\x03");
        terminal.expect("caught");
        assert_eq!(terminal.wait().code(), Some(7), "{options}");
    }
}

#[test]
fn ctrl_d_is_the_end_of_its_input() {
    let world = World::new();
    let mut terminal = Terminal::spawn(&world, "process", &["run", "-it", "cat"]);
    terminal.send("hello\r");
    terminal.expect_times("hello", 2);
    terminal.send("\x04");
    assert_eq!(terminal.wait().code(), Some(0));
}

#[test]
fn the_callers_terminal_is_raw_meanwhile_and_then_as_before() {
    let world = World::new();
    let script = r#"stty -echo; stty -g >before; "$0" run -it sleep 4249; echo "status $?"; stty -g >after"#;
    let mut terminal = shell(&world, script);
    let program = observe::await_program(terminal.pid(), &["sleep", "4249"]);
    assert!(echoes(program), "a fresh terminal does");
    let ours =
        || observe::descendants(terminal.pid()).into_iter().find(|pid| observe::children(*pid).contains(&program));
    let runner = observe::await_some("the runner", ours);
    observe::await_some("raw mode", || {
        let mode = tcgetattr(File::open(format!("/proc/{runner}/fd/0")).unwrap()).unwrap();
        (!mode.local_flags.intersects(LocalFlags::ICANON | LocalFlags::ISIG)).then_some(())
    });
    observe::kill(runner, 15);
    terminal.expect("status 143");
    assert!(terminal.wait().success());
    let mode = |name: &str| fs::read_to_string(world.root().join("home").join(name)).unwrap();
    assert_eq!(mode("before"), mode("after"));
}

#[test]
fn the_exit_status_is_the_programs() {
    let world = World::new();
    for (script, status) in [("exit 0", 0), ("exit 42", 42), ("kill -9 $$", 137), ("kill -37 $$", 165)] {
        assert_eq!(run(&world, "-it", script).wait().code(), Some(status));
        rootless("process").args(["run", "-t", "sh", "-c", script]).assert().code(status);
    }
}

#[test]
fn piped_input_ends_as_well() {
    for (input, output) in [
        ("", ""),
        ("line\n", "line\r\nline\r\n"),
        // The first end of file only hands the unfinished line over.
        ("unfinished", "unfinishedunfinished"),
    ] {
        rootless("process").args(["run", "-it", "cat"]).write_stdin(input).assert().success().stdout(output);
    }
}

#[test]
fn all_that_the_program_wrote_arrives() {
    let expected: String = (1..=100_000).map(|number| format!("{number}\r\n")).collect();
    let output = rootless("process").args(["run", "-t", "seq", "100000"]).output().unwrap();
    assert!(output.status.success());
    assert!(output.stdout == expected.as_bytes(), "{} of {} bytes", output.stdout.len(), expected.len());
}

#[test]
fn a_program_that_closes_its_terminal_may_open_it_again() {
    let script = "own=$(tty); exec </dev/null >/dev/null 2>&1; sleep 0.2; echo again >$own; sleep 0.2; exit 5";
    rootless("process").args(["run", "-t", "sh", "-c", script]).assert().code(5).stdout("again\r\n");
}

#[test]
fn the_program_gets_a_hang_up_when_nobody_looks_any_more() {
    let world = World::new();
    let mut child = world.process("process").args(["run", "-t", "yes"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 1));
}
