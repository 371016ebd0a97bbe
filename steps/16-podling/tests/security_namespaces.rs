//! Namespaces that are asked for in ways that nobody meant, and programs of the image in those of the host.

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::cage::{Cage, file};
use common::text;
use support::image::{BUSYBOX, pack};
use support::observe;

/// An image in which all files are root's, and its archive.
fn of_one(cage: &Cage) -> (&'static str, PathBuf) {
    let world = &cage.podling.world;
    let (dir, layer, archive) = (world.dir("one"), world.root().join("one-layer.tar"), world.root().join("one.tar"));
    common::probe::build(&dir.join("probe"));
    let copied = Command::new("cp").arg(world.busybox_rootfs().join("bin/busybox")).arg(dir.join("busybox")).status();
    assert!(copied.unwrap().success());
    let mut tar = Command::new("tar");
    tar.args(["--numeric-owner", "--owner=0", "--group=0", "-cf"]).arg(&layer).arg("-C").arg(&dir).arg(".");
    assert!(tar.status().unwrap().success());
    pack(world, &archive, "localhost/one:latest", "", &[&layer]);
    ("localhost/one", archive)
}

/// Runs a script as a user without subordinate ids, who exists in a user namespace only; `$0` is podling.
fn alone(cage: &Cage, script: &str) -> String {
    let world = &cage.podling.world;
    let podling = world.process("podling").get_program().to_owned();
    let mut command = world.command("unshare");
    command
        .env_remove("USER")
        .env("XDG_RUNTIME_DIR", world.dir("run/alone"))
        .env("XDG_DATA_HOME", world.dir("data/alone"));
    command.args(["--user", "--map-user=54321", "--map-group=54321", "--", "sh", "-c", script]).arg(podling);
    text(command.output().unwrap())
}

/// CVE-2014-8989: who leaves a group may be let in where that group is refused, so who has only one's own group keeps it.
#[test]
fn nobody_leaves_the_only_group() {
    let cage = Cage::new();
    let (image, archive) = of_one(&cage);
    let script = format!(
        r#"exec 2>&1; "$0" load -qi {} >/dev/null
        "$0" run --rm --network=none {image} /busybox cat /proc/self/setgroups
        "$0" run --rm --network=none {image} /probe groups
        "$0" run -d --name=up --network=none {image} /busybox sleep 1000 >/dev/null
        "$0" exec up /busybox cat /proc/self/setgroups
        "$0" exec up /probe groups
        "$0" run --rm --network=none --group-add=1 {image} /probe groups
        "$0" run --rm --network=none --privileged {image} /probe groups
        "$0" rm -f -t 0 up"#,
        archive.display()
    );
    let said = alone(&cage, &script);
    let advice = |line: &&str| ["Warning: ", "Hint: ", "More: "].iter().any(|word| line.starts_with(word));
    let said: Vec<_> = said.lines().filter(|line| !advice(line)).collect();
    let refused = "setgroups: Operation not permitted";
    let added = "Error: set the supplementary groups: Operation not permitted";
    assert_eq!(said, ["deny", refused, "deny", refused, added, refused, "up"]);
    // With subordinate ids there is no such group: who may leave its groups has them by another's grant.
    cage.podling.load(&archive);
    assert_eq!(cage.typed(&["run", "--rm", "--network=none", image, "/probe", "groups"]), "setgroups: done\n");
    for pid in observe::processes_of(cage.podling.world.root()) {
        observe::kill(pid, 9);
    }
}

/// CVE-2022-1227: whoever looks at a container has no use for the image's programs.
#[test]
fn no_program_of_the_image_is_run_to_look_at_it() {
    let cage = Cage::new();
    let image = cage.image("marks", "", |dir, canary| {
        let mark = format!("#!/bin/busybox sh\necho $0 >>/marks; echo marked >>{}/marks\n", canary.display());
        let names = ["nsenter", "ps", "top", "sh", "cat", "tar", "sleep", "id", "getent", "newuidmap", "ip", "pasta"];
        for name in names {
            let _ = std::fs::create_dir_all(dir.join("bin"));
            file(&dir.join("bin").join(name), &mark, 0o755);
            file(&dir.join("usr/bin").join(name), &mark, 0o755);
        }
    });
    cage.typed(&["run", "-d", "--name=up", &image, "/bin/busybox", "sleep", "1000"]);
    for words in [
        &["top", "up"][..],
        &["stats", "--no-stream", "up"],
        &["ps", "-a"],
        &["inspect", "up"],
        &["logs", "up"],
        &["port", "up"],
        &["healthcheck", "run", "up"],
        &["cp", "up:/etc/passwd", "/dev/null"],
        &["diff", "up"],
        &["export", "up"],
        &["pause", "up"],
        &["unpause", "up"],
        &["exec", "up", "/bin/busybox", "true"],
    ] {
        cage.typed(words);
    }
    let said = cage.typed(&["exec", "up", "/bin/busybox", "cat", "/marks"]);
    assert!(said.contains("No such file"), "{said}");
    cage.typed(&["rm", "-f", "-t", "0", "up"]);
}

/// CVE-2021-43784: what does not fit is refused, and nothing else is set by it.
#[test]
fn a_map_of_any_length_is_a_map() {
    let cage = Cage::new();
    let maps: Vec<String> = (0..5000).map(|id| format!("--uidmap={id}:{}:1", id + 1)).collect();
    let long = format!("--uidmap=0:1:{}", "1".repeat(70_000));
    let deep = format!("-w/{}", "a/".repeat(35_000));
    let volume = format!("-v/etc:/{}", "a/".repeat(35_000));
    let many: Vec<&str> = maps.iter().map(String::as_str).collect();
    for flags in [&many[..], &[&long], &[&deep], &[&volume]] {
        let said = cage.typed(&[&["run", "--rm", "--network=none"], flags, &[BUSYBOX, "echo", "it runs"]].concat());
        assert!(said.contains("Error: ") && said.contains("[exit 12"), "{}", &said[..said.len().min(500)]);
        cage.podling.assert_clean();
    }
    let few = &[&many[..299], &["--uidmap=299:0:1"]].concat();
    let said = cage.typed(
        &[&["run", "--rm", "--network=none"][..], few, &[BUSYBOX, "sh", "-c", "wc -l </proc/self/uid_map"]].concat(),
    );
    assert_eq!(said, "300\n");
}
