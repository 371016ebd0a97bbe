//! Errors have codes, and `podling explain CODE` says more: what Podman's users ask about most often is provoked here.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use common::Podling;
use process::code::{parse, shown, troubles};
use support::{Registry, World, busybox_archive, settings, user};

/// The code under the error of a command that fails.
fn code(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    let last = said.trim_end().lines().last().unwrap_or_default();
    last.strip_prefix("More: podling explain ").unwrap_or_else(|| panic!("no code: {said}")).to_string()
}

fn of(world: &World, words: &[&str]) -> String {
    code(&world.command("podling").args(words).output().unwrap())
}

/// The command line of `run --rm --network none busybox`, further flags before the image.
fn run<'a>(flags: &[&'a str], words: &[&'a str]) -> Vec<&'a str> {
    [&["run", "--rm", "--network", "none"], flags, &["busybox"], words].concat()
}

#[test]
fn a_container_that_cannot_be_made() {
    let podling = Podling::new();
    let world = &podling.world;
    for (words, wanted) in [
        (run(&[], &["no-such-program"]), "P0601"),
        (run(&[], &["/no/such/program"]), "P0601"),
        (run(&[], &["/etc"]), "P0602"),
        (run(&["--user", "1000000"], &["true"]), "P0205"),
        (run(&["-v", "/no/such/place:/place"], &["true"]), "P0302"),
        (run(&["--ulimit", "nofile=2147483584:2147483584"], &["true"]), "P0502"),
        (vec!["exec", "nobody", "true"], "P1101"),
        (vec!["rmi", "nobody"], "P0701"),
    ] {
        assert_eq!(of(world, &words), wanted, "{words:?}");
    }
    let limits = of(world, &run(&["--cpus", "1"], &["true"]));
    assert!(["P0401", "P0402", "P0403"].contains(&limits.as_str()), "{limits}");

    let foreign = world.write("bin/foreign", b"\x7fELF\x02\x01\x01 of another machine");
    fs::set_permissions(&foreign, fs::Permissions::from_mode(0o755)).unwrap();
    let volume = format!("{}:/foreign", foreign.display());
    assert_eq!(of(world, &run(&["-v", &volume], &["/foreign"])), "P0603");

    world.command("podling").args(["create", "--name", "ada", "--network", "none", "busybox"]).assert().success();
    assert_eq!(of(world, &["create", "--name", "ada", "busybox"]), "P1102");
    assert_eq!(of(world, &["exec", "ada", "true"]), "P1103");
    assert_eq!(of(world, &["rmi", "busybox"]), "P0702");
}

#[test]
fn a_machine_that_lacks_something() {
    let world = World::new();
    let output = world.command("podling").env("PATH", "/nowhere").args(["run", "--rm", "hello"]).output().unwrap();
    assert_eq!(code(&output), "P0203");
    let podling = Podling::new();
    let port = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let publish = format!("{}:80", port.local_addr().unwrap().port());
    assert_eq!(of(&podling.world, &["run", "--rm", "-p", &publish, "busybox", "true"]), "P1003");
    let first: u16 =
        fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap().trim().parse().unwrap();
    if first > 1 {
        assert_eq!(of(&podling.world, &["run", "--rm", "-p", "1:80", "busybox", "true"]), "P1004");
    }
}

#[test]
fn a_registry_that_says_no() {
    let world = World::new();
    assert_eq!(of(&world, &["pull", "-q", "some-short-name"]), "P0804");
    let registry = Registry::of(&world).with_password("ann", "secret").start();
    let image = format!("{}/box", registry.address());
    // It does not encrypt, and nobody said that it need not.
    assert_eq!(of(&world, &["pull", "-q", "--retry", "0", &image]), "P0802");
    registry.trust(&world);
    registry.push(&world, &busybox_archive(&world), "box:latest");
    world.command("podling").args(["logout", "--all"]).output().unwrap();
    assert_eq!(of(&world, &["pull", "-q", "--retry", "0", &image]), "P0801");
    assert_eq!(of(&world, &["pull", "-q", "--retry", "0", "--creds", "ann:old", &image]), "P0801");
    drop(registry);
    assert_eq!(of(&world, &["pull", "-q", "--retry", "0", &image]), "P0806");
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

#[test]
fn the_book_tells_of_every_code() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src");
    for one in troubles() {
        assert!(book.join(one.chapter).with_extension("md").exists(), "{}: {}", shown(one.code), one.chapter);
    }
    let page = fs::read_to_string(book.join("errors.md")).unwrap();
    let words = page.split(|c: char| !c.is_ascii_alphanumeric());
    for code in words.filter_map(parse) {
        assert!(troubles().any(|one| one.code == code), "{}", shown(code));
    }
}
