//! What `inspect` says of what was asked for, as Podman itself says it of the same flags.

mod common;

use common::Podling;
use serde_json::Value;
use support::image::podman;

/// What Podman says more than was asked: limits that its own configuration sets.
fn asked(document: &mut Value, names: &[&str]) {
    let limits = document["Ulimits"].as_array_mut().unwrap();
    limits.retain(|limit| names.iter().any(|name| limit["Name"] == format!("RLIMIT_{name}").as_str()));
    limits.sort_by_key(|limit| limit["Name"].to_string());
}

#[test]
fn the_configuration_of_the_host_is_told_as_podman_does() {
    let podling = Podling::new();
    let world = &podling.world;
    let archive = world.root().join("busybox.tar");
    podman(world).args(["load", "-q", "-i"]).arg(&archive).assert().success();
    let cases: [(&[&str], &[&str]); 5] = [
        (&["--tmpfs", "/t:size=64k,mode=700", "--tmpfs", "/u"], &[]),
        (&["--tmpfs", "/t:ro,suid,noexec", "--ulimit", "nofile=100:200", "--ulimit", "nproc=50"], &["NOFILE", "NPROC"]),
        (&["--cap-drop", "chown", "--cap-drop", "CAP_KILL", "--cap-add", "sys_admin"], &[]),
        (&["--cap-drop", "all", "--cap-add", "kill"], &[]),
        (&["--privileged"], &[]),
    ];
    for (index, (flags, limits)) in cases.into_iter().enumerate() {
        let name = format!("box{index}");
        let create = [&["create", "--network", "none", "--name", &name], flags, &["busybox", "true"]].concat();
        let inspect = ["inspect", "--format", "{{json .HostConfig}}", &name];
        let said = |output: std::process::Output| -> Value {
            assert!(output.status.success(), "{output:?}");
            serde_json::from_slice(&output.stdout).unwrap()
        };
        world.command("podling").args(&create).assert().success();
        podman(world).args(&create).assert().success();
        let mut ours = said(world.command("podling").args(inspect).output().unwrap());
        let mut theirs = said(podman(world).args(inspect).output().unwrap());
        asked(&mut ours, limits);
        asked(&mut theirs, limits);
        for key in ["Tmpfs", "Ulimits", "CapAdd", "CapDrop"] {
            assert_eq!(ours[key], theirs[key], "{key} of {flags:?}");
        }
    }
}
