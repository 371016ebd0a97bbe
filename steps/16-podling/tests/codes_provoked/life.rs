//! Containers and volumes in a state in which they cannot do what is asked.

use std::fs;
use std::path::Path;

use support::World;

use crate::common::Podling;
use crate::{code, of, provoke};

#[test]
fn a_container_that_is_not_ready_for_it() {
    let podling = Podling::new();
    let world = &podling.world;
    let create = |words: &[&str]| {
        let flags = [&["create", "--network", "none"], words, &["busybox"]].concat();
        world.command("podling").args(flags).assert().success();
    };
    create(&["--name", "ada"]);
    create(&["--name", "mute", "--log-driver", "none"]);
    let cat = podling.cat(&["--name", "bob", "--network", "none", "--label", "io.containers.autoupdate=registry"]);
    create(&["--name", "guest", "--pid", "container:bob"]);
    provoke(
        world,
        &[
            ("P1101", &["exec", "nobody", "true"]),
            ("P1101", &["logs", "nobody"]),
            ("P1102", &["create", "--name", "ada", "busybox"]),
            ("P1102", &["rename", "ada", "mute"]),
            ("P1103", &["exec", "ada", "true"]),
            ("P1103", &["attach", "ada"]),
            ("P1103", &["explain", "ada"]),
            ("P1105", &["rm", "bob"]),
            ("P1107", &["rm", "--force", "bob"]),
            ("P1108", &["create", "--cidfile", "/etc/passwd", "busybox"]),
            ("P1119", &["logs", "mute"]),
            ("P1121", &["explain", "4000000000"]),
            ("P1122", &["inspect", "nobody"]),
            ("P1011", &["port", "ada", "80"]),
            ("P0702", &["rmi", "busybox"]),
            ("P1407", &["auto-update"]),
            ("P0151", &["exec", "bob"]),
        ],
    );
    // Sixteen ids, of which two begin with the same letter at the latest.
    (0..16).for_each(|_| create(&[]));
    let first = fs::read_dir(world.data().join("podling/containers")).unwrap();
    let mut letters: Vec<char> =
        first.map(|entry| entry.unwrap().file_name().to_str().unwrap().chars().next().unwrap()).collect();
    letters.sort_unstable();
    let twice = letters.windows(2).find(|pair| pair[0] == pair[1]).unwrap()[0].to_string();
    assert_eq!(of(world, &["start", &twice]), "P1106");
    world.command("podling").args(["rm", "guest"]).assert().success();
    cat.end();
}

#[test]
fn a_record_that_was_written_by_somebody_else() {
    let podling = Podling::new();
    let world = &podling.world;
    world.command("podling").args(["create", "--name", "ada", "--network", "none", "busybox"]).assert().success();
    let containers = world.data().join("podling/containers");
    let id = fs::read_dir(&containers).unwrap().next().unwrap().unwrap().file_name();
    let directory = containers.join(id);
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, "{").unwrap();
        }
    }
    assert_eq!(of(world, &["start", "ada"]), "P1114");
}

#[test]
fn a_volume_that_is_not_ready_for_it() {
    let podling = Podling::new();
    let world = &podling.world;
    world.command("podling").args(["volume", "create", "books"]).assert().success();
    let words = ["create", "--network", "none", "-v", "books:/books", "busybox"];
    world.command("podling").args(words).assert().success();
    provoke(
        world,
        &[
            ("P1115", &["volume", "rm", "nobody"]),
            ("P1115", &["volume", "inspect", "nobody"]),
            ("P1116", &["volume", "create", "books"]),
            ("P1117", &["volume", "rm", "books"]),
            ("P1118", &["volume", "create", "--driver", "nobody", "x"]),
            ("P1118", &["volume", "create", "--opt", "type=nfs", "x"]),
            ("P0709", &["volume", "create", "a b"]),
        ],
    );
}

#[test]
fn a_login_that_was_none() {
    let world = World::new();
    let mut command = world.command("podling");
    command.env_remove("XDG_RUNTIME_DIR");
    let output = command.args(["system", "service", "--time", "1"]).timeout(std::time::Duration::from_secs(20));
    assert_eq!(code(&output.output().unwrap()), "P1104");
}

#[test]
fn a_machine_that_lacks_a_program() {
    let podling = Podling::new();
    let by = |path: &Path, words: &[&str]| {
        code(&podling.world.command("podling").env("PATH", path).args(words).output().unwrap())
    };
    let run = ["run", "--rm", "-p", "8080", "busybox", "true"];
    let logged = ["create", "--network", "none", "--log-driver", "journald", "--name", "diary", "busybox"];
    podling.world.command("podling").args(logged).assert().success();

    // Those that stand for nothing but a program that fails.
    let bin = podling.world.dir("few");
    let link = |name: &str, target: &str| std::os::unix::fs::symlink(target, bin.join(name)).unwrap();
    let fresh = World::new();
    let hello = |path: &Path| {
        code(&fresh.command("podling").env("PATH", path).args(["run", "--rm", "hello"]).output().unwrap())
    };
    assert_eq!(hello(&bin), "P0203");
    ["newuidmap", "newgidmap"].into_iter().for_each(|name| link(name, "/bin/false"));
    assert_eq!(hello(&bin), "P0204");
    for name in ["newuidmap", "newgidmap"] {
        fs::remove_file(bin.join(name)).unwrap();
        link(name, &format!("/usr/bin/{name}"));
    }
    link("journalctl", "/bin/false");
    assert_eq!(by(&bin, &["logs", "diary"]), "P1120");
    link("pasta", "/bin/false");
    assert_eq!(by(&bin, &run), "P1002");
    podling.world.command("podling").args(["rm", "diary"]).assert().success();
    podling.assert_clean();
}
