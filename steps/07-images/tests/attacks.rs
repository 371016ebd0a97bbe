//! Layers and archives that were made to do harm. A canary stands beside the store; the loader, root of the
//! user's namespace, may write to it; nothing of it may change.

mod tar;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use images::{Limits, Store};
use support::{World, literal, settings};
use tar::{Layout, Tar, config, docker_archive, docker_archive_of, gzip, tree, zstd};

/// Names, modes, owners, content and times of everything below `dir`. Any change of metadata changes ctime.
fn fingerprint(dir: &Path) -> String {
    let mut text = tree(dir);
    for name in ["", "secret", "directory", "directory/file"] {
        let meta = fs::symlink_metadata(dir.join(name)).unwrap();
        text += &format!("{name} {}.{} {}\n", meta.ctime(), meta.ctime_nsec(), meta.mtime());
    }
    text
}

fn canary(world: &World) -> PathBuf {
    world.write("canary/secret", "secret\n");
    world.write("canary/directory/file", "file\n");
    world.dir("canary")
}

/// Loads an archive; says what came of it, and asserts that nothing else did.
fn attempt(name: &str, archive: impl Fn(&str) -> Vec<u8>) -> String {
    let world = World::new();
    let canary = canary(&world);
    // The store exists already, so that the one after a refused load can be compared with the one before.
    let first = world.write("first.tar", docker_archive(&[Tar::new().file("first", "first\n").end()]));
    world.command("images").args(["load", "-i"]).arg(&first).assert().success();
    let store = world.data().join("podling");
    let known: Vec<PathBuf> = layers(&store);
    let (before, seen) = (fingerprint(&canary), tree(&store));

    let path = world.write("attack.tar", archive(canary.to_str().unwrap()));
    let output = world.command("images").args(["load", "-i"]).arg(&path).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let mut report = format!("## {name}\n{text}status {}\n", output.status.code().unwrap_or(-1));
    assert_eq!(before, fingerprint(&canary), "{report}");
    assert!(fs::read_dir(store.join("tmp")).unwrap().next().is_none(), "{report}");
    if output.status.success() {
        let mut trees: Vec<String> = layers(&store)
            .into_iter()
            .filter(|layer| !known.contains(layer))
            .map(|layer| tree(&layer.join("diff")))
            .collect();
        trees.sort();
        report += &trees.concat().replace(&world.root().to_string_lossy()[1..], "[WORLD]");
    } else {
        assert_eq!(output.status.code(), Some(125), "{report}");
        assert_eq!(seen, tree(&store), "{report}");
    }
    report + "\n"
}

fn layers(store: &Path) -> Vec<PathBuf> {
    fs::read_dir(store.join("layers/sha256")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn layer(name: &str, tar: impl Fn(&str) -> Tar) -> String {
    attempt(name, |canary| docker_archive(&[tar(canary).end()]))
}

#[test]
fn no_entry_leaves_its_layer() {
    let reports = [
        layer("a file below a link out", |canary| Tar::new().symlink("out", canary).file("out/secret", "mine")),
        layer("a file through a link out", |canary| {
            Tar::new().symlink("link", &format!("{canary}/secret")).file("link", "mine")
        }),
        layer("a link up and out", |_| Tar::new().symlink("up", "../../../../../../canary").file("up/secret", "mine")),
        layer("a chain of links", |canary| {
            Tar::new().symlink("a", canary).symlink("b", "a").symlink("c", "b/directory").file("c/file", "mine")
        }),
        layer("parents made below a link", |canary| Tar::new().symlink("out", canary).file("out/x/y/z", "mine")),
        layer("a hard link to a file outside", |canary| Tar::new().hardlink("mine", &format!("{canary}/secret"))),
        layer("a hard link through a link out", |canary| {
            Tar::new().symlink("out", canary).hardlink("mine", "out/secret").file("mine", "mine")
        }),
        layer("a hard link to a link out", |canary| {
            Tar::new().symlink("out", &format!("{canary}/secret")).hardlink("mine", "out").file("mine", "mine")
        }),
        layer("a name with ..", |_| Tar::new().file("a/../../../../../../canary/secret", "mine")),
        layer("a hard link with ..", |_| Tar::new().hardlink("mine", "../../../../../../canary/secret")),
        layer("an absolute name", |canary| {
            Tar::new().file(&format!("{canary}/secret")[1..], "mine").dir("/etc", 0o755)
        }),
        layer("a directory that becomes a link", |canary| {
            Tar::new().dir("a", 0o755).file("a/f", "f").symlink("a", canary).file("a/secret", "mine")
        }),
        layer("a whiteout below a link out", |canary| Tar::new().symlink("out", canary).file("out/.wh.secret", "")),
        layer("an opaque mark below a link out", |canary| {
            Tar::new().symlink("out", canary).file("out/.wh..wh..opq", "")
        }),
        layer("a whiteout of the parent", |_| Tar::new().file("a/.wh...", "")),
        layer("an absolute link to inside", |_| {
            Tar::new().dir("real", 0o755).symlink("link", "/real").file("link/file", "inside")
        }),
        attempt("a link in one layer, a file below it in the next", |canary| {
            docker_archive(&[Tar::new().symlink("a", canary).end(), Tar::new().file("a/secret", "mine").end()])
        }),
    ];
    settings().bind(|| insta::assert_snapshot!("attacks_names", reports.concat()));
}

/// A disk of the host's, or its memory, is nothing that an image can bring.
#[test]
fn no_device_comes_with_an_image() {
    let reports = [
        layer("a disk", |_| Tar::new().dir("dev", 0o755).device("dev/sda", b'4', (8, 0)).file("dev/after", "after")),
        layer("memory, over a file", |_| Tar::new().file("mem", "mine").device("mem", b'3', (1, 1))),
        layer("a second name for a device", |_| Tar::new().device("mem", b'3', (1, 1)).hardlink("again", "mem")),
        layer("a device below a link out", |canary| Tar::new().symlink("out", canary).device("out/null", b'3', (1, 3))),
        // The one that an ordinary user may make: it hides a name of the layers below, and opens nothing.
        layer("what overlays take for a deletion", |_| Tar::new().device("hidden", b'3', (0, 0))),
        layer("numbers beyond all devices", |_| Tar::new().device("mem", b'3', (0o777_7777, 0o777_7777))),
    ];
    settings().bind(|| insta::assert_snapshot!("attacks_devices", reports.concat()));
}

#[test]
fn the_root_stays_what_it_is() {
    let reports = ["", ".", "./", "/"].map(|root| {
        layer(&format!("a link named {root:?}"), |canary| Tar::new().symlink(root, canary).file("secret", "mine"))
            + &layer(&format!("a file named {root:?}"), |_| Tar::new().file(root, "mine"))
    });
    settings().bind(|| insta::assert_snapshot!("attacks_root", reports.concat()));
}

#[test]
fn no_mode_owner_or_attribute_lands_behind_a_link() {
    let owned = [("uid", "5"), ("gid", "5"), ("SCHILY.xattr.user.mine", "yes")];
    let reports = [
        layer("a directory over a link", |canary| {
            Tar::new().symlink("d", &format!("{canary}/directory")).pax(&owned).dir("d", 0o7777)
        }),
        layer("a hard link to a link, with a mode", |canary| {
            Tar::new().symlink("link", &format!("{canary}/secret")).pax(&owned).header("hard", b'1', 0o7777, "link", 0)
        }),
        layer("a link with a mode", |canary| {
            Tar::new().pax(&owned).header("link", b'2', 0o7777, &format!("{canary}/secret"), 0)
        }),
        layer("overlay's own attribute", |canary| {
            Tar::new().pax(&[("SCHILY.xattr.user.overlay.redirect", canary)]).dir("d", 0o755)
        }),
        layer("fuse-overlayfs's own attributes", |_| {
            let set = "0:0:104755";
            let said = [
                ("SCHILY.xattr.user.fuseoverlayfs.override_stat", set),
                ("SCHILY.xattr.user.containers.override_stat", set),
                ("SCHILY.xattr.user.fuseoverlayfs.opaque", "y"),
            ];
            Tar::new().pax(&said).file("f", "f").pax(&said).dir("d", 0o755)
        }),
        layer("an owner that is not mapped", |_| Tar::new().pax(&[("uid", "4000000000")]).file("f", "f")),
    ];
    settings().bind(|| insta::assert_snapshot!("attacks_metadata", reports.concat()));
}

#[test]
fn a_tar_has_one_meaning() {
    let inner = Tar::new().file("smuggled", "").end();
    let size = inner.len().to_string();
    let reports = [
        layer("PAX size beside zero", |_| {
            Tar::new().pax(&[("size", &size)]).header("f", b'0', 0o644, "", 0).raw(&inner).file("after", "")
        }),
        layer("PAX size beside another", |_| {
            Tar::new().pax(&[("size", "512")]).header("f", b'0', 0o644, "", inner.len() as u64).raw(&inner)
        }),
        layer("PAX size zero beside a size", |_| {
            Tar::new().pax(&[("size", "0")]).header("f", b'0', 0o644, "", inner.len() as u64).raw(&inner)
        }),
        layer("PAX size twice", |_| {
            Tar::new().pax(&[("size", "512"), ("size", &size)]).header("f", b'0', 0o644, "", 0).raw(&inner)
        }),
        layer("PAX size of no number", |_| Tar::new().pax(&[("size", "many")]).file("f", "")),
        layer("PAX header that claims 10 GiB", |_| Tar::new().header("p", b'x', 0o644, "", (8 << 30) - 1)),
        layer("PAX record that claims more than there is", |_| {
            Tar::new().header("p", b'x', 0o644, "", 20).raw("9999999999 path=x\n\0\0").file("f", "")
        }),
        layer("GNU long name that claims 8 GiB", |_| Tar::new().header("L", b'L', 0o644, "", (8 << 30) - 1)),
        layer("a size for all in a global header", |_| {
            Tar::new().header("g", b'g', 0o644, "", 9).raw("9 size=5\n").file("f", "12345")
        }),
        layer("a link with content", |_| Tar::new().header("l", b'2', 0o644, "x", 512).raw(&inner)),
        layer("an entry without its content", |_| Tar::new().header("f", b'0', 0o644, "", 1 << 20)),
    ];
    settings().bind(|| insta::assert_snapshot!("attacks_tar", reports.concat()));
}

#[test]
fn an_archive_has_one_meaning() {
    let plain = || vec![Tar::new().file("f", "f\n").end()];
    let bent = |bend: &dyn Fn(&mut Layout)| {
        let mut layout = Layout::new(&plain(), &plain());
        bend(&mut layout);
        layout
    };
    let manifest = |from: &str, to: &str| {
        let layout = bent(&|layout| layout.manifest = layout.manifest.replacen(from, to, 1));
        layout.indexed().tar().end()
    };
    let index = |from: &str, to: &str| bent(&|layout| layout.index = layout.index.replacen(from, to, 1)).tar().end();
    let hex = images::Digest::of(config(&plain()).as_bytes()).hex().to_string();
    let reports = [
        attempt("an index that is a manifest", |_| index("{", r#"{"layers":[],"#)),
        attempt("a manifest that is an index", |_| manifest("{", r#"{"manifests":[],"#)),
        attempt("a media type that is another", |_| manifest("manifest.v1", "index.v1")),
        attempt("a key twice", |_| manifest("\"layers\"", r#""layers":[],"layers""#)),
        attempt("a digest that is a path", |_| manifest(&format!("sha256:{hex}"), "sha256:../../../canary/secret")),
        attempt("a digest in upper case", |_| manifest(&hex, &hex.to_uppercase())),
        attempt("a short digest", |_| manifest(&hex, &hex[..32])),
        attempt("an empty digest", |_| manifest(&format!("sha256:{hex}"), "")),
        attempt("a digest by md5", |_| manifest(&format!("sha256:{hex}"), "md5:d41d8cd98f00b204e9800998ecf8427e")),
        attempt("a diff ID that is a path", |_| {
            docker_archive_of(&config(&plain()).replace("sha256:", "sha256:../"), &plain())
        }),
        attempt("a size of 2^62", |_| index("\"size\":", "\"size\":4611686018427387904,\"x\":")),
        attempt("a size that is wrong", |_| index("\"size\":", "\"size\":1,\"x\":")),
        attempt("a document of 5 MiB", |_| Tar::new().file("manifest.json", " ".repeat(5 << 20)).end()),
        attempt("a member that is a link out", |canary| {
            Tar::new().symlink("manifest.json", &format!("{canary}/secret")).end()
        }),
        attempt("a member twice", |_| Tar::new().file("manifest.json", "[]").file("./manifest.json", "[{}]").end()),
        attempt("a name that is a path", |_| {
            let archive = String::from_utf8(docker_archive(&plain())).unwrap();
            archive.replace("localhost/test:latest", "../../../can/ary:late").into_bytes()
        }),
    ];
    settings().bind(|| insta::assert_snapshot!("attacks_archive", reports.concat()));
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    let limits = Limits { layer_bytes: 4 << 20, layer_entries: 1000 };
    let world = World::new();
    let refused = |name: &str, layer: &[u8]| {
        let dir = tempfile::tempdir_in(world.root()).unwrap();
        let store = Store::open(dir.path()).unwrap().with_limits(limits.clone());
        let plain = Tar::mine().file("f", "").end();
        let archive = world.write("bomb.tar", docker_archive_of(&config(&[plain]), &[layer.to_vec()]));
        let error = store.load(&archive).unwrap_err();
        assert!(fs::read_dir(dir.path().join("tmp")).unwrap().next().is_none());
        format!("{name}: {error}\n")
    };
    let zeros = Tar::mine().file("f", vec![0; 16 << 20]).end();
    let mut padded = Tar::mine().file("f", "").end();
    padded.resize(16 << 20, 0);
    let many = (0..2000).fold(Tar::mine(), |tar, n| tar.file(&n.to_string(), "")).end();
    let sparse = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "1099511627776")];
    let sparse = Tar::mine().pax(&sparse).header("f", b'0', 0o644, "", 512).raw("0\n").end();
    // A frame header alone: a window of 2 GiB.
    let window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00];
    let reports = [
        refused("gzip", &gzip(&zeros)),
        refused("zstd", &zstd(&zeros)),
        refused("zeros after the end", &gzip(&padded)),
        refused("empty files", &gzip(&many)),
        refused("holes", &sparse),
        refused("zstd window", &window),
    ];
    literal().bind(|| insta::assert_snapshot!("attacks_bombs", reports.concat()));
}

#[test]
fn zeros_without_end_need_no_memory() {
    let world = World::new();
    let mut padded = Tar::new().file("f", "f\n").end();
    let plain = padded.len();
    padded.resize(plain + (64 << 20), 0);
    // gzip members one after the other are one stream: 512 MiB.
    let layer: Vec<u8> = [gzip(&padded), gzip(&padded[plain..]).repeat(7)].concat();
    drop(padded);
    let archive = world.write("zeros.tar", docker_archive_of(&config(&[vec![]]), &[layer]));
    let program = world.process("images").get_program().to_owned();
    let script = "ulimit -v 131072; exec \"$@\"";
    let mut command = world.command("/bin/sh");
    let output = command.args(["-c", script, "sh"]).arg(program).args(["load", "-i"]).arg(archive).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    // It was read to its end: the digest is that of the whole.
    assert!(error.starts_with("Error: layer has digest sha256:"), "{error}");
}
