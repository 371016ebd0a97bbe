//! Archives that are broken, and loads that are killed.

mod tar;

use std::fs;
use std::path::Path;

use support::{World, busybox_archive, settings};
use tar::{Layout, Tar, config, docker_archive, docker_archive_of, gzip, tree, zstd};

#[test]
fn a_broken_archive_leaves_nothing() {
    let world = World::new();
    world.command("images").args(["load", "-i"]).arg(busybox_archive(&world)).assert().success();
    let before = tree(&world.data());
    let plain = vec![Tar::new().file("first", "first\n").end(), Tar::new().file("f", vec![b'x'; 5000]).end()];
    let layout = |stored: Vec<u8>| Layout::new(&plain, &[plain[0].clone(), stored]).tar().end();
    let cut = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let whole = docker_archive(&plain);
    let other = vec![plain[0].clone(), Tar::new().file("other", "other").end()];
    let mut flipped = layout(gzip(&plain[1]));
    let at = flipped.len() - 1024 - 512 + 20;
    flipped[at] ^= 1;
    let cases = [
        ("empty", Vec::new()),
        ("text", b"This is not an archive.\n".repeat(100)),
        ("tar without an image", Tar::new().file("hello", "hello").end()),
        ("cut off in the last layer", whole[..whole.len() - 4096].to_vec()),
        ("without its layer", docker_archive_of(&config(&plain), &plain[..1])),
        ("another layer", docker_archive_of(&config(&plain), &other)),
        ("gzip, cut off", layout(cut(&gzip(&plain[1])))),
        ("zstd, cut off", layout(cut(&zstd(&plain[1])))),
        ("archive in gzip, cut off", cut(&gzip(&whole))),
        ("a flipped bit", flipped),
        ("no JSON", Tar::new().file("manifest.json", "{").end()),
        ("no image configuration", docker_archive_of("[]", &plain)),
    ];
    let mut seen = String::new();
    for (name, bytes) in cases {
        let path = world.write("broken.tar", bytes);
        seen += &format!("## {name}\n{}", refused(&world, &path));
        assert_eq!(before, tree(&world.data()), "{name}");
    }
    seen += &format!("## missing\n{}", refused(&world, &world.root().join("tmp/missing.tar")));
    seen += &format!("## directory\n{}", refused(&world, &world.root().join("tmp")));
    assert_eq!(before, tree(&world.data()));
    settings().bind(|| insta::assert_snapshot!("broken", seen));
}

fn refused(world: &World, archive: &Path) -> String {
    let assert = world.command("images").args(["load", "-i"]).arg(archive).assert().code(125);
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

#[test]
fn a_terminal_is_no_archive() {
    let world = World::new();
    let mut terminal = support::pty::Terminal::spawn(&world, "images", &["load"]);
    terminal.expect("Error: cannot read from terminal, use command-line redirection or the --input flag");
    assert_eq!(terminal.wait().code(), Some(125));
    assert!(!world.data().join("podling").exists());
}

/// Killed before the Nth of its calls that change the disk, for every N.
#[test]
fn a_killed_load_is_mended_by_the_next() {
    let strace = Path::new("/usr/bin/strace");
    assert!(strace.exists(), "strace is missing; run: scripts/setup --dev (Debian: apt-get install strace)");
    let world = World::new();
    let layers = [Tar::new().file("one", "one\n").end(), Tar::new().dir("d", 0o700).file("d/two", "two\n").end()];
    // Compressed as a whole, so that there is an unpacked copy as well.
    let archive = world.write("test.tar", gzip(&docker_archive(&layers)));
    let fresh = World::new();
    let copy = fresh.write("test.tar", fs::read(&archive).unwrap());
    fresh.command("images").args(["load", "-i"]).arg(copy).assert().success();
    let whole = tree(&fresh.data());

    let mut kills = 0;
    for calls in ["mkdir,mkdirat", "rename,renameat,renameat2", "write", "unlink,unlinkat,rmdir", "fchown,fchmod"] {
        for nth in 1.. {
            assert!(nth < 200, "{calls} do not end");
            // newuidmap cannot be traced, so strace runs inside the user namespace.
            let mut command = world.command("unshare");
            command.env("_PODLING_ROOTLESS_UID", support::user().uid.to_string());
            command.args(["--map-root-user", "--map-auto", "strace", "-f", "-o", "/dev/null", "-e"]);
            command.arg(format!("trace={calls}"));
            command.arg("-e").arg(format!("inject={calls}:signal=SIGKILL:when={nth}"));
            let program = world.process("images").get_program().to_owned();
            let output = command.arg(program).args(["load", "-i"]).arg(&archive).output().unwrap();

            // Whatever is there now: it can be listed, and what is listed is whole.
            let listed = world.command("images").args(["images", "-n"]).output().unwrap();
            assert!(listed.status.success(), "{calls} {nth}: {listed:?}");
            let store = images::Store::open(&world.data().join("podling")).unwrap();
            for image in store.list().unwrap() {
                assert!(store.layer_dirs(&image).iter().all(|layer| layer.exists()), "{calls} {nth}: {image:?}");
            }
            world.command("images").args(["load", "-i"]).arg(&archive).assert().success();
            assert_eq!(whole, tree(&world.data()), "{calls} {nth}");
            remove(&world);
            if output.status.success() {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 20, "only {kills} kills");
}

/// Removes the store, and what is in it of subordinate ids.
fn remove(world: &World) {
    let store = world.data().join("podling");
    world.command("unshare").args(["--map-root-user", "--map-auto", "rm", "-rf"]).arg(store).assert().success();
}
