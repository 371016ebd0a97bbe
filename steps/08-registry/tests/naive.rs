//! The naive pull, and this step's in its place, from a registry whose disk has lost a bit.

mod fake;

use std::fs;

use fake::output;
use support::image::sha256;
use support::{Registry, World, busybox_archive, settings};

#[test]
fn a_bit_is_lost() {
    let world = World::new();
    let registry = Registry::of(&world).start();
    registry.trust(&world);
    registry.push(&world, &busybox_archive(&world), "box:latest");
    let name = format!("{}/box", registry.address());
    let naive = |to: &str| {
        let seen = output(world.command("registry-naive").args([&registry.address(), "box", to]));
        let path = fs::read_dir(world.root().join("home").join(to)).unwrap().flatten().next().unwrap().path();
        let said = path.file_name().unwrap().to_str().unwrap().trim_start_matches("sha256-").to_string();
        let is = if sha256(&path) == said { "is" } else { "is not" };
        format!("$ registry-naive box\n{seen}the file {is} what its name says\n")
    };
    let ours = || {
        let seen = output(world.command("registry").args(["pull", "-q", &name]));
        format!("$ registry pull -q box\n{}", seen.replace(&registry.address(), "REGISTRY"))
    };
    let mut seen = naive("whole");
    lose_a_bit(&registry);
    seen += &naive("damaged");
    seen += &ours();
    settings().bind(|| insta::assert_snapshot!("naive", seen));
    assert_eq!(fake::stored(&world), [0; 5]);
}

/// In the middle of the largest blob.
fn lose_a_bit(registry: &Registry) {
    let blobs = registry.storage().join("blobs/sha256");
    let below = |dir: std::path::PathBuf| fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path());
    let files = below(blobs).flat_map(below).map(|dir| dir.join("data"));
    let path = files.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}
