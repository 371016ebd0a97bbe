//! Names come and go; with the last one goes the image, and with it what nobody else needs.

mod tar;

use std::fs;
use std::path::Path;

use support::observe::await_some;
use support::{World, busybox_archive, settings};
use tar::{Tar, docker_archive};

fn output(command: &mut assert_cmd::Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().map_or("killed".to_string(), |code| code.to_string());
    format!("{}{}status {status}\n", text(&output.stdout), text(&output.stderr))
}

fn session(world: &World, lines: &[&str]) -> String {
    let mut session = String::new();
    for line in lines {
        let words: Vec<String> = line.split(' ').map(|word| word.replace('_', " ")).collect();
        session += &format!("$ images {}\n", line.replace('_', " "));
        session += &output(world.command("images").args(words));
    }
    session
}

fn load(world: &World, archive: &Path) {
    world.command("images").args(["load", "-q", "-i"]).arg(archive).assert().success();
}

fn count(world: &World, dir: &str) -> usize {
    fs::read_dir(world.data().join("podling").join(dir)).map_or(0, Iterator::count)
}

/// As it is when who loads a new image is killed just before the image's record is there.
#[test]
fn a_name_that_leads_nowhere_is_free() {
    let world = World::new();
    load(&world, &busybox_archive(&world));
    let names = world.data().join("podling/names");
    let name = fs::read_dir(&names).unwrap().next().unwrap().unwrap().path();
    let image = fs::read_dir(world.data().join("podling/images")).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(&image).unwrap();
    let seen = session(&world, &["images -q", "image exists busybox", "rmi busybox"]);
    assert!(name.exists());
    load(&world, &busybox_archive(&world));
    // So it is for another image, old or new.
    fs::write(&name, format!(r#"{{"id":"{}"}}"#, "e".repeat(64))).unwrap();
    let seen = seen + &session(&world, &["image exists busybox", "images --format {{.Repository}}"]);
    load(&world, &busybox_archive(&world));
    let seen = seen + &session(&world, &["images --format {{.Repository}}"]);
    settings().bind(|| insta::assert_snapshot!("names_nowhere", seen));
}

#[test]
fn names_are_given_and_taken() {
    let world = World::new();
    load(&world, &busybox_archive(&world));
    let seen = session(
        &world,
        &[
            "tag busybox other.example/box:1 copy",
            "images --noheading --format {{.Repository}}:{{.Tag}}",
            "tag nosuch x",
            "tag busybox",
            "tag busybox UPPER",
            "untag copy nosuch",
            "untag copy copy",
            "rmi copy",
            "rmi busybox",
            "image exists busybox",
            "image exists other.example/box:1",
            "images --format {{.Repository}}:{{.Tag}}",
            "rmi other.example/box:1",
            "image ls --noheading",
            "rmi -f nosuch",
            "rmi nosuch alsono",
            "rmi",
        ],
    );
    assert_eq!([count(&world, "layers/sha256"), count(&world, "blobs/sha256"), count(&world, "names")], [0, 0, 0]);
    settings().bind(|| insta::assert_snapshot!("names", seen));
}

#[test]
fn an_id_of_many_names_needs_force() {
    let world = World::new();
    load(&world, &busybox_archive(&world));
    world.command("images").args(["tag", "busybox", "b", "c"]).assert().success();
    let store = images::Store::open(&world.data().join("podling")).unwrap();
    let id = store.find("b").unwrap().id;
    let mut seen = session(&world, &[&format!("rmi {id}"), &format!("rmi -f {id}"), "rmi -a"]);
    seen += &session(&world, &["image prune -f", "image prune"]);
    settings().bind(|| insta::assert_snapshot!("force", seen));
}

#[test]
fn what_another_image_needs_stays() {
    let world = World::new();
    let (shared, own) = (Tar::new().file("a", "1\n").end(), Tar::new().file("b", "2\n").end());
    load(&world, &world.write("one.tar", docker_archive(&[shared.clone(), own])));
    world.command("images").args(["tag", "test", "one"]).assert().success();
    load(&world, &world.write("two.tar", docker_archive(&[shared])));
    assert_eq!(count(&world, "layers/sha256"), 2);
    world.command("images").args(["rmi", "one"]).assert().success();
    assert_eq!([count(&world, "layers/sha256"), count(&world, "blobs/sha256")], [1, 2]);
    let store = images::Store::open(&world.data().join("podling")).unwrap();
    assert!(store.layer_dirs(&store.find("test").unwrap())[0].is_dir());
    // What a crash left between record and layers goes with the next.
    fs::remove_file(store_record(&world, &store.find("test").unwrap().id)).unwrap();
    world.command("images").args(["image", "prune", "-f"]).assert().success();
    assert_eq!([count(&world, "layers/sha256"), count(&world, "blobs/sha256")], [0, 0]);
}

fn store_record(world: &World, id: &str) -> std::path::PathBuf {
    world.data().join("podling/images").join(format!("{id}.json"))
}

#[test]
fn who_brings_an_image_keeps_its_layers() {
    let world = World::new();
    load(&world, &busybox_archive(&world));
    let store = images::Store::open(&world.data().join("podling")).unwrap();
    let image = store.find("busybox").unwrap();
    let bringing = store.ingest().unwrap();
    world.command("images").args(["rmi", "busybox"]).assert().success();
    assert_eq!(count(&world, "layers/sha256"), 1, "somebody may have found the layer here");
    drop(bringing);
    // A child that another test forks just now holds the lock too, until it is another program.
    await_some("the layer to go", || {
        world.command("images").args(["image", "prune", "-f"]).assert().success();
        (count(&world, "layers/sha256") == 0).then_some(())
    });
    assert!(store.find(&image.id).is_err());
}

#[test]
fn lists_and_inspect_have_podmans_fields() {
    let world = World::new();
    load(&world, &busybox_archive(&world));
    let mut seen = session(
        &world,
        &[
            "image inspect busybox",
            "image inspect --format {{.Id}}_{{.Config.Cmd}}_{{.Labels}}_{{index_.RepoTags_0}} busybox",
            "image inspect --format {{.Config.Entrypoint}}_{{.Config.User}}_{{.HealthCheck}} busybox",
            "image inspect nosuch",
            "images --digests --noheading",
            "images --filter reference=busy*:latest -q",
            "images --filter reference=nosuch -q",
            "images --filter label=made-by=tar -q",
            "images --filter label!=made-by -q",
            "images --filter dangling=true -q",
            "images --filter until=2020-01-01T00:00:00Z -q",
            "images --filter foo=bar",
            "images --sort foo",
        ],
    );
    let json = output(world.command("images").args(["images", "--format", "json"]));
    seen += &json[json.find("\"Names\"").unwrap()..];
    let mut settings = settings();
    settings.add_filter(r"(\d+ (hours|days|weeks|months|years)|About an hour) ago", "[AGE] ago");
    settings.add_filter(&format!("\"{}\"", support::image::architecture()), "\"[ARCH]\"");
    settings.add_filter(r"[0-9.]+ MB", "[SIZE]");
    settings.add_filter(r#"Size": \d+"#, r#"Size": [SIZE]"#);
    settings.bind(|| insta::assert_snapshot!("inspect", seen));
}

/// Two at once: who comes second finds the image, and its name gone. What is left is another name's.
#[test]
fn a_name_that_goes_twice_at_once_takes_no_other_with_it() {
    let world = World::new();
    load(&world, &busybox_archive(&world));
    for round in 0..40 {
        world.command("images").args(["tag", "busybox", "copy"]).assert().success();
        let children = [(); 3].map(|()| world.process("images").args(["rmi", "-f", "copy"]).spawn().unwrap());
        for mut child in children {
            assert!(child.wait().unwrap().success(), "round {round}");
        }
        let names = output(world.command("images").args(["images", "--noheading", "--format", "{{.Repository}}"]));
        assert_eq!(names, "localhost/busybox\nstatus 0\n", "round {round}");
    }
}

/// Who removes an image that was given a name meanwhile takes away what it knew of.
#[test]
fn a_name_that_came_meanwhile_stays() {
    let world = World::new();
    load(&world, &busybox_archive(&world));
    let store = images::Store::open(&world.data().join("podling")).unwrap();
    let before = store.find("busybox").unwrap();
    store.tag(&before, "other").unwrap();
    assert_eq!(store.remove(&before), Ok(false));
    assert_eq!(store.find("other").unwrap().names, ["localhost/other:latest"]);
    assert!(store.find("busybox").is_err());
    assert_eq!(store.remove(&store.find("other").unwrap()), Ok(true));
    assert!(store.find("other").is_err());
}
