//! Layers as one file system, without root.

mod inside;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rootfs::Overlay;
use support::World;
use support::observe::mounts_below;

/// Names that a list of directories in one string could not have.
const LAYERS: [&str; 2] = ["layers/top:1,2", "layers/bottom \\ 3"];

fn overlay(world: &Path, lower: impl IntoIterator<Item = impl AsRef<Path>>) -> Overlay {
    Overlay {
        lower: lower.into_iter().map(|layer| world.join(layer)).collect(),
        upper: world.join("layers/upper"),
        work: world.join("layers/work"),
        target: world.join("layers/merged"),
        userxattr: true,
        volatile: false,
        context: None,
    }
}

fn world() -> World {
    let world = World::new();
    let [top, bottom] = LAYERS;
    for (layer, file) in [(top, "both"), (top, "top"), (bottom, "both"), (bottom, "bottom"), (bottom, "dir/deep")] {
        world.write(Path::new(layer).join(file), format!("{file} of {}", if layer == top { "top" } else { "bottom" }));
    }
    for dir in ["upper", "work", "merged"] {
        world.dir(Path::new("layers").join(dir));
    }
    world.dir("layers");
    world
}

#[test]
fn what_is_on_top_is_seen_and_layers_stay_as_they_are() {
    let world = world();
    inside::run(&world, "inside_an_overlay");
    let at = |path: &str| world.root().join("layers").join(path);
    let read = |path: &str| fs::read_to_string(at(path)).unwrap();
    assert_eq!(read("bottom \\ 3/both"), "both of bottom");
    assert_eq!(read("bottom \\ 3/bottom"), "bottom of bottom");
    assert_eq!(read("bottom \\ 3/dir/deep"), "dir/deep of bottom");
    assert_eq!(read("upper/bottom"), "changed");
    let whiteout = fs::symlink_metadata(at("upper/top")).unwrap();
    assert!(whiteout.file_type().is_char_device() && whiteout.rdev() == 0);
    assert_eq!(fs::read_dir(at("merged")).unwrap().count(), 0);
    assert!(mounts_below(world.root()).is_empty());
}

#[test]
#[ignore = "runs in the namespaces that the test above makes"]
fn inside_an_overlay() {
    let Some(world) = inside::world() else { return };
    let overlay = overlay(&world, LAYERS);
    overlay.mount().unwrap();
    let at = |path: &str| overlay.target.join(path);
    for (file, content) in [
        ("both", "both of top"),
        ("top", "top of top"),
        ("bottom", "bottom of bottom"),
        ("dir/deep", "dir/deep of bottom"),
    ] {
        assert_eq!(fs::read_to_string(at(file)).unwrap(), content);
    }
    fs::write(at("bottom"), "changed").unwrap();
    fs::remove_file(at("top")).unwrap();
    assert!(!at("top").exists());
}

#[test]
fn a_hundred_layers_are_not_too_many() {
    let world = world();
    for layer in many() {
        world.write(Path::new("layers").join(&layer).join(&layer), "");
    }
    world.dir("layers");
    inside::run(&world, "inside_many_layers");
}

fn many() -> Vec<String> {
    (0..100).map(|number| format!("{number:03}-{}", "long".repeat(50))).collect()
}

#[test]
#[ignore = "runs in the namespaces that the test above makes"]
fn inside_many_layers() {
    let Some(world) = inside::world() else { return };
    let overlay = overlay(&world, many().iter().map(|layer| Path::new("layers").join(layer)));
    overlay.mount().unwrap();
    assert!(many().iter().all(|file| overlay.target.join(file).exists()));
}

#[test]
fn a_layer_that_is_none_is_named() {
    let world = world();
    let missing = overlay(world.root(), ["layers/missing"]);
    let sentence =
        format!("open the layer {}: No such file or directory", world.root().join("layers/missing").display());
    assert_eq!(missing.mount().map_err(|error| error.to_string()), Err(sentence));
    let file: PathBuf = world.write("layers/file", "");
    let sentence = format!("open the layer {}: Not a directory", file.display());
    let overlay = overlay(world.root(), [file]);
    assert_eq!(overlay.mount().map_err(|error| error.to_string()), Err(sentence));
}
