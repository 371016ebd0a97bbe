//! `podling explain CODE` says more than an error; and what Podman's users ask about that makes no error.

mod common;

use std::fs;

use common::Podling;
use support::{World, settings, user};

/// The command line of `run --rm --network none busybox`, further flags before the image.
fn run<'a>(flags: &[&'a str], words: &[&'a str]) -> Vec<&'a str> {
    [&["run", "--rm", "--network", "none"], flags, &["busybox"], words].concat()
}

#[test]
fn the_groups_of_the_caller_are_kept() {
    let podling = Podling::new();
    let groups = |flags: &[&str]| {
        let mut command = podling.world.command("podling");
        let output = command.args(run(flags, &["grep", "Groups", "/proc/self/status"])).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().split_whitespace().skip(1).count()
    };
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap().split_whitespace().count();
    // The harness leaves root's groups behind.
    let own = if user().drop { 0 } else { own };
    assert_eq!((groups(&["--group-add", "keep-groups"]), groups(&[])), (own, 1));
    let refused = podling.run(&["--group-add", "keep-groups", "--group-add", "3"], &["true"]);
    settings().bind(|| insta::assert_snapshot!("keep_groups", refused));
}

#[test]
fn what_a_code_means() {
    let world = World::new();
    let say = |words: &[&str]| {
        let output = world.command("podling").args(words).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let shown: Vec<String> = ["P0804", "p0028", "P9999"].iter().map(|code| say(&["explain", code])).collect();
    let list = say(&["explain", "--codes"]);
    // Nobody needs a place for images to read it.
    world
        .command("podling")
        .env_remove("HOME")
        .env_remove("XDG_DATA_HOME")
        .args(["explain", "P0804"])
        .assert()
        .success();
    settings().bind(|| insta::assert_snapshot!("codes", format!("{}\n{list}", shown.join("\n"))));
}
