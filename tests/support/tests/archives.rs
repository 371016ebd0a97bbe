//! The archives that the harness makes are images to others as well.

use support::image::{Format, podman, skopeo};
use support::{World, busybox_archive, podman_save};

#[test]
fn podman_loads_the_archive_made_by_hand() {
    let world = World::new();
    let archive = busybox_archive(&world);
    let loaded = podman(&world).arg("load").arg("-i").arg(&archive).assert().success();
    assert_eq!(String::from_utf8_lossy(&loaded.get_output().stdout), "Loaded image: localhost/busybox:latest\n");
}

#[test]
fn podman_writes_both_formats() {
    let world = World::new();
    for format in [Format::DockerArchive, Format::OciArchive] {
        let archive = podman_save(&world, format);
        let source = format!("{}:{}", format.name(), archive.display());
        let seen = skopeo(&world).args(["inspect", &source]).assert().success();
        let seen = String::from_utf8_lossy(&seen.get_output().stdout).into_owned();
        assert!(seen.contains(r#""made-by": "podman""#), "{seen}");
    }
}
