//! Attacks that once worked on others, each beside the same without our defence.

use std::fs;

use support::{World, observe};

/// Runs `overwrite WAY` from a copy that the user may write to: what the kernel answered, and whether the file is
/// another one now.
fn overwrite(way: &str) -> (String, bool) {
    let world = World::new();
    let original = world.process("namespaces-overwrite").get_program().to_owned();
    let before = fs::read(&original).unwrap();
    let copy = world.root().join("home/overwrite");
    let result = world.root().join("home/result");
    // By cp: a file that this process has open for writing would be busy for the children of other tests.
    let script = r#"cp "$0" overwrite && exec ./overwrite "$@""#;
    world.command("sh").args(["-c", script]).arg(original).arg(way).arg(&result).assert().success();
    let answer = observe::await_some("the attack's end", || fs::read_to_string(&result).ok());
    observe::await_some("its process's end", || observe::processes_of(world.root()).is_empty().then_some(()));
    (answer, fs::read(copy).unwrap() != before)
}

/// CVE-2019-5736.
#[test]
fn a_program_cannot_overwrite_the_one_that_started_it() {
    let (answer, changed) = overwrite("sealed");
    assert!(answer.contains("Read-only file system"), "{answer}");
    assert!(!changed);
}

#[test]
fn plain_a_program_overwrites_the_one_that_started_it() {
    assert_eq!(overwrite("plain"), ("written\n".to_string(), true));
}

/// A world whose home has a file that is not in its root file system.
fn world_with_a_secret() -> World {
    let world = World::new();
    let _ = world.busybox_rootfs();
    world.write("home/secret", "of the host\n");
    world
}

/// CVE-2024-21626.
#[test]
fn a_program_does_not_start_outside_of_its_root() {
    let world = world_with_a_secret();
    for directory in [".", "..", "../home"] {
        let mut command = world.command("namespaces-outside");
        command.arg("../rootfs").args([directory, "/bin/cat", "secret"]);
        let output = command.assert().code(126).stdout("").get_output().clone();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("working directory"), "{error}");
    }
    world
        .command("namespaces-outside")
        .args(["../rootfs", "/etc", "/bin/cat", "hostname"])
        .assert()
        .success()
        .stdout("busybox\n");
}

#[test]
fn unchecked_a_program_starts_outside_of_its_root() {
    let world = world_with_a_secret();
    world
        .command("namespaces-outside")
        .args(["../rootfs", "", "/bin/cat", "secret"])
        .assert()
        .success()
        .stdout("of the host\n");
}
