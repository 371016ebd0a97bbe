//! `auto-update`, as far as it goes without systemd: what is looked at, and what is newer.

use std::fs;
use std::path::PathBuf;

use insta::assert_snapshot;
use support::image::busybox_and;
use support::{Registry, World, settings};

fn image(world: &World, version: &str) -> PathBuf {
    busybox_and(world, version, r#""Cmd":["sleep","1000"],"Env":["PATH=/bin"]"#, |dir| {
        fs::write(dir.join("version"), version).unwrap();
    })
}

/// What a person sees.
fn shown(world: &World, words: &[&str]) -> String {
    let output = world.command("systemd").args(words).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let status = match output.status.code() {
        Some(0) => String::new(),
        code => format!("[exit {}]\n", code.unwrap()),
    };
    format!("$ podling {}\n{text}{status}\n", words.join(" "))
}

#[test]
fn what_is_newer() {
    let world = World::new();
    let registry = Registry::of(&world).start();
    registry.trust(&world);
    let (one, two) = (image(&world, "one"), image(&world, "two"));
    registry.push(&world, &one, "web:latest");
    let name = format!("{}/web:latest", registry.address());
    let run = |container: &str, policy: &str, unit: Option<&str>| {
        let mut command = world.command("systemd");
        command.args(["run", "-d", "--network", "none", "--name", container]);
        command.args(["--label", &format!("io.containers.autoupdate={policy}"), &name]);
        if let Some(unit) = unit {
            command.env("PODMAN_SYSTEMD_UNIT", unit);
        }
        command.assert().success();
    };
    let mut screen = shown(&world, &["auto-update"]);
    run("web", "registry", Some("web.service"));
    run("local", "local", Some("local.service"));
    screen += &shown(&world, &["auto-update", "--dry-run"]);
    // Nothing to do, so nobody asks for systemd.
    screen += &shown(&world, &["auto-update", "--format", "{{.ContainerName}} {{.Policy}} {{.Updated}}"]);

    registry.push(&world, &two, "web:latest");
    screen += &shown(&world, &["auto-update", "--dry-run"]);
    // There is a newer one here as well, as soon as somebody has brought it.
    world.command("systemd").args(["pull", "-q", &name]).assert().success();
    screen += &shown(&world, &["auto-update", "--dry-run", "--format", "json"]);
    // It needs systemd then, and says so before it changes anything.
    screen += &shown(&world, &["auto-update", "--rollback=false"]);
    screen += &shown(&world, &["ps", "--format", "{{.Names}} {{.State}}"]);

    // What is wrong with some is no reason not to update the others.
    run("nowhere", "registry", None);
    run("never", "sometimes", Some("never.service"));
    run("off", "disabled", Some("off.service"));
    screen += &shown(&world, &["auto-update", "--dry-run", "--format", "{{.Unit}}"]);
    world.command("systemd").args(["rm", "-f", "-a", "-t", "0"]).assert().success();
    let mut settings = settings();
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]");
    settings.add_filter(r"/run/user/\d+/bus", "/run/user/[UID]/bus");
    settings.add_filter(r"[0-9a-f]{64}", "[ID]");
    settings.bind(|| assert_snapshot!("newer", screen));
}
