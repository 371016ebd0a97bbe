//! Images that cannot be taken.

use std::fs;

use support::image::{busybox_and, pack};
use support::{World, busybox_archive};

use crate::common::Podling;
use crate::{of, provoke};

#[test]
fn an_archive_that_is_none() {
    let world = World::new();
    let load = |name: &str, bytes: &[u8]| {
        let file = world.write(name, bytes);
        of(&world, &["load", "-i", file.to_str().unwrap()])
    };
    assert_eq!(load("text", b"not a tar"), "P0703");
    let whole = fs::read(busybox_archive(&world)).unwrap();
    assert_eq!(load("cut", &whole[..whole.len() / 2]), "P0703");
    let mut flipped = whole;
    let at = flipped.len() / 2;
    flipped[at] ^= 1;
    assert_eq!(load("flipped", &flipped), "P0705");
    assert_eq!(of(&world, &["load", "-i", "/no/such"]), "P0002");

    // Its layer has a name that leads out.
    let layer = world.root().join("layer.tar");
    let up = std::process::Command::new("tar")
        .args(["--create", "--absolute-names", "--transform", "s,.*,../../outside,", "--file"])
        .arg(&layer)
        .arg("/etc/passwd")
        .status();
    assert!(up.unwrap().success());
    let archive = world.root().join("up.tar");
    pack(&world, &archive, "localhost/up:latest", "", &[&layer]);
    assert_eq!(of(&world, &["load", "-i", archive.to_str().unwrap()]), "P0706");
    // Its manifest has a layer that its configuration does not know, and is larger than any should be.
    let parts = [
        (
            "config.json",
            r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.to_string(),
        ),
        ("manifest.json", r#"[{"Config":"config.json","RepoTags":[],"Layers":["layer.tar"]}]"#.to_string()),
    ];
    assert_eq!(of(&world, &["load", "-i", &tar(&world, &parts)]), "P0704");
    let huge = [("manifest.json", format!("[{}]", " ".repeat(5 << 20)))];
    assert_eq!(of(&world, &["load", "-i", &tar(&world, &huge)]), "P0707");
}

/// An archive of those files.
fn tar(world: &World, files: &[(&str, String)]) -> String {
    let (directory, archive) = (world.dir("parts"), world.root().join("parts.tar"));
    let mut command = std::process::Command::new("tar");
    command.arg("--create").arg("--file").arg(&archive).arg("--directory").arg(&directory);
    for (name, text) in files {
        fs::write(directory.join(name), text).unwrap();
        command.arg(name);
    }
    assert!(command.status().unwrap().success());
    archive.to_str().unwrap().to_string()
}

#[test]
fn an_image_that_is_not_there() {
    let podling = Podling::new();
    let archive = busybox_and(&podling.world, "other", "", |directory| fs::write(directory.join("x"), "x").unwrap());
    podling.load(&archive);
    provoke(
        &podling.world,
        &[
            ("P0701", &["rmi", "nobody"]),
            ("P0701", &["image", "inspect", "nobody"]),
            ("P0701", &["run", "--pull", "never", "--rm", "nobody", "true"]),
            ("P0709", &["run", "--rm", "UPPER"]),
            ("P0709", &["pull", "a b"]),
        ],
    );
    // Somebody else wrote into the store.
    let images = podling.world.data().join("podling/images");
    for entry in fs::read_dir(&images).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, "{").unwrap();
        }
    }
    assert_eq!(of(&podling.world, &["images"]), "P0711");
}

#[test]
fn a_store_that_is_described_wrongly() {
    let podling = Podling::new();
    podling.world.write("home/.config/containers/storage.conf", "[storage\n");
    assert_eq!(of(&podling.world, &["run", "--rm", "--network", "none", "busybox", "true"]), "P0712");
    podling.world.write("home/.config/containers/storage.conf", "");
    podling.world.write("home/.config/containers/containers.conf", "[engine\n");
    assert_eq!(of(&podling.world, &["run", "--rm", "--network", "none", "busybox", "true"]), "P1610");
}
