//! What is loaded, what is listed, and what is on the disk then.

mod tar;

use std::fs;
use std::path::Path;

use support::image::{Format, skopeo};
use support::{World, busybox_archive, podman_save, settings};
use tar::{Layout, Tar, docker_archive, gzip, tree, zstd};

fn output(command: &mut assert_cmd::Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().map_or("killed".to_string(), |code| code.to_string());
    format!("{}{}status {status}\n", text(&output.stdout), text(&output.stderr))
}

fn load(world: &World, archive: &Path) -> String {
    output(world.command("images").args(["load", "-i"]).arg(archive))
}

#[test]
fn an_archive_is_loaded_and_listed() {
    let world = World::new();
    let archive = busybox_archive(&world);
    let mut session = String::new();
    session += &output(world.command("images").arg("images"));
    session += &load(&world, &archive);
    for args in [
        &["images"][..],
        &["images", "--noheading", "busybox"],
        &["images", "--no-trunc", "localhost/busybox:latest"],
        &["images", "-q"],
        &["images", "-q", "--no-trunc"],
        &["images", "nosuch"],
    ] {
        session += &format!("$ {}\n", args.join(" "));
        session += &output(world.command("images").args(args));
    }
    let mut settings = settings();
    settings.add_filter(r"(\d+ (hours|days|weeks|months|years)|About an hour) ago( *)", "[AGE] ago ");
    settings.add_filter(r"CREATED +SIZE", "CREATED SIZE");
    // Busybox differs between distributions.
    settings.add_filter(r"[0-9.]+ MB", "[SIZE]");
    settings.bind(|| insta::assert_snapshot!("session", session));
}

#[test]
fn the_archive_may_come_through_a_pipe_or_be_compressed() {
    let world = World::new();
    let archive = fs::read(busybox_archive(&world)).unwrap();
    for (name, bytes) in [("plain", archive.clone()), ("gzip", gzip(&archive)), ("zstd", zstd(&archive))] {
        let root = world.root().join("data").join(name);
        let mut command = world.command("images");
        let seen = output(command.args(["load", "--root"]).arg(&root).write_stdin(bytes));
        assert_eq!(seen, "Loaded image: localhost/busybox:latest\nstatus 0\n", "{name}");
    }
}

#[test]
fn the_store_is_closed_to_others_and_keeps_owners() {
    let world = World::new();
    let layers = [
        Tar::new()
            .dir("./", 0o755)
            .dir("etc", 0o755)
            .file("etc/hosts", "127.0.0.1 localhost\n")
            .header("bin/su", b'0', 0o4755, "", 3)
            .raw("su\n")
            .end(),
        Tar::new().file("etc/.wh.hosts", "").dir("etc", 0o700).file("new/deep/file", "text\n").end(),
        Tar::new().file("bin/.wh..wh..opq", "").end(),
    ];
    let archive = world.write("test.tar", docker_archive(&layers));
    let script = "umask 0; exec \"$@\"";
    let program = world.process("images").get_program().to_owned();
    let mut command = world.command("/bin/sh");
    command.args(["-c", script, "sh"]).arg(program).args(["load", "-i"]).arg(&archive).assert().success();
    settings().bind(|| insta::assert_snapshot!("store", tree(&world.data())));
}

#[test]
fn what_podman_and_skopeo_write_is_loaded() {
    let world = World::new();
    let mut seen = String::new();
    for format in [Format::DockerArchive, Format::OciArchive] {
        let archive = podman_save(&world, format);
        seen += &format!("podman save --format {}\n", format.name());
        seen += &load(&world, &archive);
        for (to, options) in [("docker-archive", &[][..]), ("oci-archive", &[]), ("oci-archive", &["zstd"])] {
            let copy = world.root().join("tmp").join(format!("{}-{to}-{}.tar", format.name(), options.len()));
            let compress: Vec<String> =
                options.iter().flat_map(|kind| ["--dest-compress-format".to_string(), (*kind).to_string()]).collect();
            let source = format!("{}:{}", format.name(), archive.display());
            let target = format!("{to}:{}:localhost/copy:latest", copy.display());
            skopeo(&world).arg("copy").args(&compress).args([source, target]).assert().success();
            seen += &format!("skopeo copy {} {to} {}\n", format.name(), options.join(" "));
            seen += &load(&world, &copy);
        }
    }
    // Whatever the way and the compression: the configuration is the same, so the image is.
    seen += &output(world.command("images").args(["images", "-q"]));
    settings().bind(|| insta::assert_snapshot!("peers", seen));
}

#[test]
fn what_docker_25_writes_is_loaded() {
    let world = World::new();
    let plain = [Tar::new().file("file", "text\n").end()];
    let layout = Layout::new(&plain, &plain);
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", images::Digest::of(bytes).hex());
    // moby, image/tarexport/save.go: the layout, and beside it manifest.json that points into it.
    let manifest = format!(
        r#"[{{"Config":"{}","RepoTags":["test:1","example.com/test:2"],"Layers":["{}"],"LayerSources":{{}}}}]"#,
        blob(layout.config.as_bytes()),
        blob(&plain[0])
    );
    let archive = world.write("docker.tar", layout.tar().file("manifest.json", manifest).end());
    assert_eq!(load(&world, &archive), "Loaded image: localhost/test:1\nLoaded image: example.com/test:2\nstatus 0\n");
}

#[test]
fn layers_may_be_compressed() {
    let world = World::new();
    let plain = [Tar::new().file("file", "text\n").end()];
    for (name, stored) in [("plain", plain[0].clone()), ("gzip", gzip(&plain[0])), ("zstd", zstd(&plain[0]))] {
        let archive = world.write(name, Layout::new(&plain, &[stored]).tar().end());
        let root = world.root().join("data").join(name);
        let seen = output(world.command("images").args(["load", "--root"]).arg(&root).arg("-i").arg(&archive));
        assert_eq!(seen, "Loaded image: localhost/test:latest\nstatus 0\n", "{name}");
    }
}

#[test]
fn a_name_moves_to_the_image_that_was_loaded_last() {
    let world = World::new();
    for text in ["one", "two"] {
        let archive = world.write("test.tar", docker_archive(&[Tar::new().file("file", text).end()]));
        assert!(load(&world, &archive).contains("status 0"));
    }
    let seen = output(world.command("images").args(["images", "--noheading"]));
    assert_eq!(seen.matches("localhost/test  latest").count(), 1, "{seen}");
    assert_eq!(seen.matches("<none>          <none>").count(), 1, "{seen}");
}

#[test]
fn the_same_layer_twice_is_one() {
    let world = World::new();
    let layer = Tar::new().file("file", "text\n").end();
    let archive = world.write("test.tar", docker_archive(&[layer.clone(), layer.clone()]));
    assert!(load(&world, &archive).contains("status 0"));
    let store = images::Store::open(&world.data().join("podling")).unwrap();
    assert_eq!(store.layer_dirs(&store.find("test").unwrap()).len(), 2);
    assert_eq!(fs::read_dir(world.data().join("podling/layers/sha256")).unwrap().count(), 1);
}

#[test]
fn a_digest_is_of_one_repository() {
    let world = World::new();
    let archive = world.write("test.tar", docker_archive(&[Tar::new().file("file", "text\n").end()]));
    assert!(load(&world, &archive).contains("status 0"));
    let store = images::Store::open(&world.data().join("podling")).unwrap();
    let image = store.find("test").unwrap();
    let ask = |name: &str| store.find(&format!("{name}@{}", image.digest)).map(|image| image.id);
    assert_eq!(ask("localhost/test"), Ok(image.id.clone()));
    assert_eq!(ask("other").unwrap_err().to_string(), format!("other@{}: image not known", image.digest));
    assert_eq!(store.find(&image.id[..6]).unwrap(), image);
    assert_eq!(store.find("../../etc/passwd").unwrap_err().to_string(), "../../etc/passwd: image not known");
}
