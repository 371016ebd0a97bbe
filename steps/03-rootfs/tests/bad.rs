//! Wrong command lines and impossible mounts: a sentence, a status, and nothing left behind.

use std::fs;
use std::path::Path;

use support::observe::{mounts_below, processes_of};
use support::{World, settings};

/// What `arguments` print and return, in a world of their own with a volume in it; asserts that nothing stays.
fn attempt(arguments: &[&str]) -> String {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    world.write("home/dir/file", "content\n");
    let before = names(&rootfs);
    let mut command = world.command("rootfs");
    command.arg("run");
    if !arguments.contains(&"--rootfs") {
        command.arg("--rootfs").arg(&rootfs);
    }
    let output = command.args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(mounts_below(world.root()).is_empty(), "{text}");
    assert!(processes_of(world.root()).is_empty(), "{text}");
    assert_eq!(names(&rootfs), before, "{text}");
    format!("$ {}\n{text}status {}\n\n", arguments.join(" "), output.status.code().unwrap_or(-1))
}

/// Every path below `dir`.
fn names(dir: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        names.push(entry.path().display().to_string());
        if entry.file_type().unwrap().is_dir() {
            names.extend(self::names(&entry.path()));
        }
    }
    names.sort();
    names
}

fn attempts(all: &[&[&str]]) -> String {
    all.iter().map(|arguments| attempt(arguments)).collect()
}

#[test]
fn a_root_that_is_none() {
    let text = attempts(&[
        &["--rootfs", "/nonexistent", "true"],
        &["--rootfs", "/etc/passwd", "true"],
        &["--rootfs", "", "true"],
        &["--rootfs"],
        &[],
    ]);
    settings().bind(|| insta::assert_snapshot!("root", text));
}

#[test]
fn a_volume_that_is_none() {
    let text = attempts(&[
        &["-v", "/nonexistent:/a", "true"],
        &["-v", "./nonexistent:/a", "true"],
        &["-v", "./dir:a", "true"],
        &["-v", "./dir:", "true"],
        &["-v", ":/a", "true"],
        &["-v", "", "true"],
        &["-v", "dir:/a", "true"],
        &["-v", "/a", "true"],
        &["-v", "./dir:/a:ro:rw", "true"],
        &["-v", "./dir:/a:ro,rw", "true"],
        &["-v", "./dir:/a:upperdir=/", "true"],
        &["-v", "./dir:/a", "-v", "./dir/:/a/", "true"],
    ]);
    settings().bind(|| insta::assert_snapshot!("volume", text));
}

#[test]
fn a_place_where_nothing_may_be_mounted() {
    let text = attempts(&[
        &["-v", "./dir:/", "true"],
        &["-v", "./dir:/bin/..", "true"],
        &["-v", "./dir:/bin/sh", "true"],
        &["-v", "./dir:/bin/sh/below", "true"],
        &["-v", "./dir/file:/bin", "true"],
        &["-v", "./dir:/proc", "true"],
        &["-v", "./dir:/sys", "true"],
        &["-v", "./dir/file:/proc/self/attr/exec", "true"],
        &["-v", "./dir:/proc/sys", "true"],
    ]);
    settings().bind(|| insta::assert_snapshot!("place", text));
}

#[test]
fn a_program_that_is_none() {
    let text = attempts(&[
        &["nonexistent"],
        &["/etc"],
        &["/etc/passwd"],
        &["sh", "-c", "exit 7"],
        &["sh", "-c", "kill -9 $$; kill -9 1; exit 3"],
    ]);
    settings().bind(|| insta::assert_snapshot!("program", text));
}
