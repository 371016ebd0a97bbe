//! `-t`: a terminal of the container's own, and the caller's as it was.

mod common;

use common::Podling;
use support::observe::await_program;
use support::pty::Terminal;

#[test]
fn a_program_has_a_terminal_of_its_size() {
    let podling = Podling::new();
    let words = Podling::words(&["-it"], &["sh", "-c", "tty; stty size; read x; stty size; echo got $x; exit 5"]);
    let mut terminal = Terminal::spawn(&podling.world, "podling", &words);
    terminal.expect("/dev/pts/0");
    terminal.expect("24 80");
    terminal.resize(30, 100);
    terminal.send("hello\r");
    terminal.expect("got hello");
    assert!(terminal.screen().contains("30 100"), "{}", terminal.screen());
    assert_eq!(terminal.wait().code(), Some(5));
    podling.assert_clean();
}

#[test]
fn control_c_interrupts_the_program_and_nothing_else() {
    let podling = Podling::new();
    let script = "trap 'echo interrupted' INT; echo ready; read x; read x; echo bye $x; exit 4";
    let mut terminal = Terminal::spawn(&podling.world, "podling", &Podling::words(&["-it"], &["sh", "-c", script]));
    terminal.expect("ready");
    terminal.send("\x03");
    terminal.expect("interrupted");
    terminal.send("a\rb\r");
    terminal.expect("bye");
    assert_eq!(terminal.wait().code(), Some(4));
    podling.assert_clean();
}

#[test]
fn the_callers_terminal_is_restored() {
    let podling = Podling::new();
    let bin = podling.world.process("podling").get_program().to_str().unwrap().to_owned();
    let run = format!("'{bin}' {}", Podling::words(&["-it"], &["sleep", "987"]).join(" "));
    let script = format!("stty -g > before; {run}; stty -g > after; cmp before after && echo same");
    let mut terminal = Terminal::spawn(&podling.world, "/bin/sh", &["-c", &script]);
    let pid = await_program(terminal.pid(), &["sleep", "987"]);
    support::observe::kill(pid, 9);
    terminal.expect("same");
    assert!(terminal.wait().success());
    podling.assert_clean();
}

#[test]
fn it_has_one_also_when_the_caller_has_none() {
    let podling = Podling::new();
    assert_eq!(podling.out(&["-t"], &["tty"]), "/dev/pts/0\r\n");
    assert!(podling.run(&[], &["tty"]).ends_with("not a tty\n[exit 1]\n\n"), "and none unless asked");
    podling.assert_clean();
}

#[test]
fn a_shell_is_at_home_on_it() {
    let podling = Podling::new();
    let mut terminal = Terminal::spawn(&podling.world, "podling", &Podling::words(&["-it"], &["sh"]));
    terminal.expect("/ # ");
    terminal.send("echo $TERM $((6 * 7)); ls -d /etc\r");
    terminal.expect("xterm 42");
    terminal.send("sleep 987\r");
    let pid = await_program(terminal.pid(), &["sleep", "987"]);
    // Job control works: Ctrl-C ends the job, not the shell.
    terminal.send("\x03");
    support::observe::await_end(pid);
    terminal.send("echo still $((40 + 4))\r");
    terminal.expect("still 44");
    terminal.send("\x04");
    assert_eq!(terminal.wait().code(), Some(0));
    podling.assert_clean();
}
