//! Command lines that cannot be meant.

use support::World;

use crate::{code, provoke};

#[test]
fn a_command_line_that_cannot_be_meant() {
    let world = World::new();
    provoke(
        &world,
        &[
            ("P1601", &["run", "--no-such", "hello"]),
            ("P1601", &["ps", "-Q"]),
            ("P1601", &["frobnicate"]),
            ("P1601", &["ps", "--root", "/tmp", "--log-level", "debug"]),
            ("P1602", &["run", "--restart", "sometimes", "hello"]),
            ("P1602", &["stop", "--time", "soon", "x"]),
            ("P1602", &["explain", "P9999"]),
            ("P1603", &["rmi", "--all", "hello"]),
            ("P1603", &["run", "--rm", "--restart", "always", "hello"]),
            ("P1604", &["rm"]),
            ("P1604", &["volume"]),
            ("P1604", &["tag", "hello"]),
            ("P1604", &["run", "--user"]),
            ("P1605", &["build", "."]),
            ("P1605", &["--transient-store", "ps"]),
            ("P1605", &["run", "--rootfs", "/", "sh"]),
            ("P1606", &["ps", "--filter", "x=y"]),
            ("P1606", &["images", "--filter", "x=y"]),
            ("P1606", &["volume", "ls", "--filter", "x=y"]),
            ("P1606", &["images", "--sort", "x"]),
            ("P1607", &["images", "--format", "{{.Nope"]),
            ("P1607", &["version", "--format", "{{nope}}"]),
            ("P1608", &["image", "prune"]),
            ("P1608", &["login", "registry.invalid"]),
            ("P1609", &["rmi", "nobody", "neither"]),
        ],
    );
}

#[test]
fn a_home_that_is_none() {
    let world = World::new();
    let mut command = world.command("podling");
    command.env_remove("HOME").env_remove("XDG_DATA_HOME");
    assert_eq!(code(&command.arg("images").output().unwrap()), "P0710");
    // A directory in which nobody may write, and a file.
    let file = world.write("file", "");
    provoke(
        &world,
        &[
            ("P0002|P0013|P0030", &["run", "--root", "/proc/podling", "hello"]),
            ("P0013|P0030", &["run", "--root", "/etc/podling", "hello"]),
            ("P0020", &["run", "--root", file.to_str().unwrap(), "hello"]),
        ],
    );
    let long = format!("/tmp/{}", "x".repeat(300));
    provoke(&world, &[("P0036", &["images", "--root", &long])]);
}
