//! What a person reads, and the exit status.

use insta::assert_snapshot;
use support::{World, rootless, settings};

/// The command's output as a person sees it, and its exit status.
fn shown(args: &[&str]) -> String {
    let output = rootless("process").args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let status = output.status.code().map_or("none".to_string(), |code| code.to_string());
    format!("{}{}[exit {status}]\n", text(output.stdout), text(output.stderr))
}

#[test]
fn help() {
    settings().bind(|| {
        assert_snapshot!("help", shown(&["--help"]));
        assert_snapshot!("help_run", shown(&["run", "--help"]));
    });
    assert_eq!(shown(&["--version"]), concat!("process ", env!("CARGO_PKG_VERSION"), "\n[exit 0]\n"));
}

#[test]
fn wrong_command_lines() {
    let lines: [&[&str]; 5] = [&[], &["walk"], &["run"], &["run", "--bad", "true"], &["run", "-z", "true"]];
    let all: String = lines.map(|line| format!("$ process {}\n{}\n", line.join(" "), shown(line))).concat();
    settings().bind(|| assert_snapshot!("wrong_command_lines", all));
}

#[test]
fn programs_that_cannot_be_run() {
    let world = World::new();
    world.write("home/plain", "not a program\n");
    world.dir("home/directory");
    let lines: [&[&str]; 8] = [
        &["no-such-program"],
        &["./no-such-program"],
        &["/etc/passwd/x"],
        &[""],
        &["./plain"],
        &["./directory"],
        &["directory"],
        &["-it", "no-such-program"],
    ];
    let all = lines.map(|line| {
        let output = world.command("process").arg("run").args(line).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.stdout.is_empty());
        format!("$ process run {}\n{error}[exit {}]\n\n", line.join(" "), output.status.code().unwrap())
    });
    settings().bind(|| assert_snapshot!("programs_that_cannot_be_run", all.concat()));
}

#[test]
fn options_after_the_program_are_its_own() {
    rootless("process").args(["run", "echo", "--bad", "-i", "--", "x"]).assert().success().stdout("--bad -i -- x\n");
    let quoted = r#"echo "$0 $@""#;
    rootless("process")
        .args(["run", "--", "sh", "-c", quoted, "--help", "-h"])
        .assert()
        .success()
        .stdout("--help -h\n");
    rootless("process").args(["run", "-i", "echo", "run", "-t"]).assert().success().stdout("run -t\n");
}

#[test]
fn the_exit_status_is_the_programs() {
    let run = |script: &str| rootless("process").args(["run", "sh", "-c", script]).output().unwrap().status.code();
    for status in [0, 1, 2, 42, 124, 125, 126, 127, 128, 200, 255] {
        assert_eq!(run(&format!("exit {status}")), Some(status));
    }
    for signal in [1, 2, 6, 9, 11, 13, 15, 34, 50, 64] {
        assert_eq!(run(&format!("kill -{signal} $$; sleep 4242")), Some(128 + signal), "signal {signal}");
    }
}

#[test]
fn variables_and_directory_are_the_callers() {
    let world = World::new();
    let inside = world.dir("home/inside");
    let mut command = world.command("process");
    command.current_dir(&inside).env("COLOUR", "sea green").env("EMPTY", "").env_remove("PATH");
    command.args(["run", "sh", "-c", r#"pwd; echo "$COLOUR,${EMPTY-unset}""#]);
    command.assert().success().stdout(format!("{}\nsea green,\n", inside.display()));
}
