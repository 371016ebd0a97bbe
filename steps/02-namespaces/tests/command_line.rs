//! What a person reads, and the exit status.

use insta::assert_snapshot;
use support::{World, observe, rootless, settings, user};

/// The command's output as a person sees it, and its exit status.
fn shown(args: &[&str]) -> String {
    show(rootless("namespaces").args(args))
}

fn show(command: &mut assert_cmd::Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    format!("{}{}[exit {}]\n", text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

#[test]
fn help() {
    settings().bind(|| assert_snapshot!("help", shown(&["run", "--help"])));
}

#[test]
fn wrong_command_lines() {
    let long = "x".repeat(65);
    let lines: [&[&str]; 7] = [
        &["run"],
        &["run", "--bad", "true"],
        &["run", "--network", "moon", "true"],
        &["run", "--network"],
        &["run", "--network", "", "true"],
        &["run", "--hostname", "a b", "true"],
        &["run", "--hostname", &long, "true"],
    ];
    let all: String = lines.map(|line| format!("$ namespaces {}\n{}\n", line.join(" "), shown(line))).concat();
    settings().bind(|| assert_snapshot!("wrong_command_lines", all));
}

#[test]
fn the_exit_status_is_the_programs() {
    for (command, status) in [
        (&["sh", "-c", "exit 42"][..], 42),
        // Process 1 of a namespace cannot kill itself, so that another one has to die.
        (&["sh", "-c", "sh -c 'kill -KILL $$'"], 137),
        (&["no-such-program"], 127),
        (&["/etc/passwd"], 126),
    ] {
        rootless("namespaces").arg("run").args(command).assert().code(status);
    }
}

/// A user that the administrator gave no subordinate ids; it exists in a user namespace only.
#[test]
fn a_user_without_subordinate_ids() {
    let world = World::new();
    let namespaces = world.process("namespaces").get_program().to_owned();
    let mut command = world.command("unshare");
    // Nor is there a name for it.
    command.env_remove("USER").args(["--user", "--map-user=54321", "--map-group=54321", "--"]).arg(namespaces);
    // It is alone in there, and no group can be dropped.
    command.args(["run", "sh", "-c", "id -u; id -g; tr -s ' ' </proc/self/uid_map; cat /proc/self/setgroups"]);
    let mut settings = settings();
    settings.add_filter(r"(--add-sub.ids) \S+", "$1 [RANGE]");
    settings.bind(|| assert_snapshot!("no_subordinate_ids", show(&mut command)));
}

/// Fails in the midst of a start: the process is there already, and nobody may find it afterwards.
fn fails_and_leaves_nothing(name: &str, path: &str, world: &World) {
    let mut command = world.command("namespaces");
    command.env("PATH", path).args(["run", "/bin/sleep", "4254"]);
    settings().bind(|| assert_snapshot!(name, show(&mut command)));
    assert_eq!(observe::processes_of(world.root()), [0; 0]);
}

#[test]
fn the_helper_is_not_installed() {
    fails_and_leaves_nothing("no_helper", "/nonexistent", &World::new());
}

#[test]
fn the_second_helper_is_not_installed() {
    let world = World::new();
    helper(&world, "newuidmap", "exit 0");
    fails_and_leaves_nothing("no_second_helper", world.root().join("helpers").to_str().unwrap(), &world);
}

#[test]
fn the_helper_refuses() {
    let world = World::new();
    let refuses = format!("echo 'newuidmap: uid range [1-65537) -> [{}-...) not allowed' >&2; exit 1", user().subuid.0);
    helper(&world, "newuidmap", &refuses);
    helper(&world, "newgidmap", "exit 0");
    fails_and_leaves_nothing("helper_refuses", world.root().join("helpers").to_str().unwrap(), &world);
}

/// Puts a shell script into the world's `helpers`.
fn helper(world: &World, name: &str, script: &str) {
    let text = world.write("helpers/text", format!("#!/bin/sh\n{script}\n"));
    // By a process of its own: see World.
    let file = world.root().join("helpers").join(name);
    let status = std::process::Command::new("install").args(["-m", "755"]).arg(text).arg(file).status();
    assert!(status.expect("run install").success());
}
