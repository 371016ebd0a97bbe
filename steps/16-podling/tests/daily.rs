//! What people do every day without a thought, and an engine has to bear.

mod common;

use std::io::Read;
use std::process::Stdio;

use common::Podling;
use support::settings;

/// `podling run ... | head`: who has read enough ends the command, and a container that nobody would look for.
#[test]
fn a_reader_that_leaves() {
    let podling = Podling::new();
    let script = "trap 'exit 0' TERM; while :; do echo y; sleep 0.05; done";
    let mut run = podling.world.process("podling");
    run.args(["run", "--rm", "--network=none", "busybox", "sh", "-c", script]).stdout(Stdio::piped());
    let mut child = run.spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0; 4]).unwrap();
    drop(output);
    assert_eq!(child.wait().unwrap().code(), Some(141));
    podling.assert_clean();

    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut run = podling.world.process("podling");
    run.args(["run", "--rm", "--network=none", "busybox", "echo", "hi"]).stdout(full).stderr(Stdio::piped());
    let output = run.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(126));
    assert!(String::from_utf8_lossy(&output.stderr).contains("write to standard output: No space left on device"));
    podling.assert_clean();
}

/// Variables of scripts are empty, and values begin with a dash.
#[test]
fn words_that_look_odd() {
    let podling = Podling::new();
    assert_eq!(podling.out(&["--network=none", "--name", "", "-e", "X=-1"], &["sh", "-c", "echo $X"]), "-1\n");
    let mut shown = String::new();
    for flags in [["-u", "-1"], ["--cpus", "-1"], ["--entrypoint", "-x"], ["--stop-signal", "BOGUS"]] {
        shown += &podling.run(&[&["--network=none"], &flags[..]].concat(), &["true"]);
    }
    settings().bind(|| insta::assert_snapshot!("odd_words", shown));
    // A number can be a name.
    let run = |words: &[&str]| podling.world.command("podling").args(words).output().unwrap();
    assert!(run(&["create", "--name", "4711", "--network=none", "busybox"]).status.success());
    let said = String::from_utf8(run(&["explain", "4711"]).stderr).unwrap();
    assert!(said.contains("container 4711 does not run"), "{said}");
    assert!(run(&["rm", "4711"]).status.success());
}
