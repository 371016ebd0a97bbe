//! Volumes: what the verbs say, what is in a volume and whose it is, and what a crash leaves.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use engine::volumes::Volumes;
use support::image::busybox_and;
use support::observe::await_some;
use support::{World, busybox_archive, settings};

/// A user with the image `site`: a page in `/srv/site`, a link to `/etc`, a volume of its own at `/var/lib/data`.
fn world() -> World {
    let world = World::new();
    let archive = busybox_and(&world, "site", r#""Cmd":["/bin/sh"],"Volumes":{"/var/lib/data":{}}"#, |above| {
        for directory in ["srv/site/sub", "srv/site/empty", "var/lib/data"] {
            fs::create_dir_all(above.join(directory)).unwrap();
        }
        fs::write(above.join("srv/site/page"), "of the image\n").unwrap();
        fs::write(above.join("srv/site/sub/file"), "below\n").unwrap();
        fs::write(above.join("var/lib/data/first"), "of the image\n").unwrap();
        std::os::unix::fs::symlink("/etc", above.join("link")).unwrap();
        std::os::unix::fs::symlink("../../../../../etc", above.join("up")).unwrap();
        fs::set_permissions(above.join("srv/site"), std::os::unix::fs::PermissionsExt::from_mode(0o2751)).unwrap();
    });
    world.command("engine").args(["load", "-i"]).arg(archive).assert().success();
    world
}

fn engine(world: &World, args: &[&str]) -> String {
    let output = world.command("engine").args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().map_or("killed".to_string(), |code| code.to_string());
    let status = if status == "0" { String::new() } else { format!("[exit {status}]\n") };
    format!("{}{}{status}", text(&output.stdout), text(&output.stderr))
}

fn session(world: &World, commands: &[&[&str]]) -> String {
    commands.iter().map(|args| format!("$ {}\n{}", args.join(" "), engine(world, args))).collect()
}

/// Runs a script in the image `site`.
fn run(world: &World, args: &[&str], script: &str) -> String {
    engine(world, &[&["run", "--rm", "--network", "none"], args, &["site", "sh", "-c", script]].concat())
}

fn volume(world: &World, name: &str) -> PathBuf {
    world.data().join("podling/volumes").join(name)
}

#[test]
fn the_verbs_speak_as_podmans() {
    let world = World::new();
    let text = session(
        &world,
        &[
            &["volume", "ls"],
            &["volume", "create", "data", "--label", "a=b", "--label", "c"],
            &["volume", "create", "data"],
            &["volume", "create", "--ignore", "data"],
            &["volume", "create", "dates"],
            &["volume", "create", "a/b"],
            &["volume", "create", "--", "-x"],
            &["volume", "create", "x", "y"],
            &["volume", "create", "--driver", "nfs", "x"],
            &["volume", "create", "--opt", "foo=bar", "x"],
            &["volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "x"],
            &["volume", "create", "--label", "=x"],
            &["volume", "ls"],
            &["volume", "ls", "--noheading", "--filter", "name=^da"],
            &["volume", "list", "-q", "--filter", "label=a"],
            &["volume", "ls", "-q", "--filter", "label=a=x"],
            &["volume", "ls", "-q", "--filter", "label!=a"],
            &["volume", "ls", "-q", "--filter", "name=data", "--filter", "name=dates", "--filter", "dangling=true"],
            &["volume", "ls", "-q", "--filter", "until=1h"],
            &["volume", "ls", "--filter", "bogus=1"],
            &["volume", "ls", "--filter", "name"],
            &["volume", "ls", "--filter", "dangling=maybe"],
            &["volume", "ls", "--filter", "label=a", "--format", "table {{.Name}} {{.Driver}} {{.Labels}}"],
            &[
                "volume",
                "ls",
                "--filter",
                "label=a",
                "--format",
                "{{.Name}}\\t{{.Labels.a}}{{.Labels.b}}\\t{{.CreatedAt}}",
            ],
            &["volume", "ls", "--format", "{{.Foo}}"],
            &["volume", "ls", "--filter", "label=a", "--format", "json"],
            &["volume", "inspect", "data"],
            &["volume", "inspect", "dat", "nosuch"],
            &["volume", "inspect", "data", "--format", "{{.Name}} {{.Scope}} {{.Anonymous}}"],
            &["volume", "inspect", "da"],
            &["volume", "inspect", "nosuch"],
            &["volume", "inspect"],
            &["volume", "exists", "data"],
            &["volume", "exists", "nosuch"],
            &["volume", "rm", "nosuch"],
            &["volume", "rm", "nosuch", "data"],
            &["volume", "rm", "-f", "nosuch"],
            &["volume", "rm"],
            &["volume", "rm", "-t", "1", "dates"],
            &["volume", "prune", "-f", "--filter", "name=dates"],
            &["volume", "rm", "--all"],
            &["volume", "ls", "-q"],
            &["volume"],
        ],
    );
    settings().bind(|| insta::assert_snapshot!("volume_verbs", text));
}

#[test]
fn prune_asks() {
    let world = World::new();
    engine(&world, &["volume", "create", "data"]);
    let ask = |answer: &str| {
        let output = world.command("engine").args(["volume", "prune"]).write_stdin(answer).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = format!("{}\n{}{}", ask("n\n"), ask("y\n"), ask("y\n"));
    settings().bind(|| {
        insta::assert_snapshot!(text, @r"
    WARNING! This will remove all volumes not used by at least one container. The following volumes will be removed:
    data
    Are you sure you want to continue? [y/N] 
    WARNING! This will remove all volumes not used by at least one container. The following volumes will be removed:
    data
    Are you sure you want to continue? [y/N] data
    WARNING! This will remove all volumes not used by at least one container. The following volumes will be removed:
    No dangling volumes found
    ")
    });
}

#[test]
fn data_outlives_the_container_that_wrote_it() {
    let world = world();
    let list = "cd /srv/site; find . | sort; cat page; stat -c '%a %u:%g' .";
    // Twice: it is filled only once, and what one wrote the next one reads.
    let first = run(&world, &["-v", "data:/srv/site"], &format!("{list}; echo changed >page; rm -r sub"));
    let second = run(&world, &["-v", "data:/srv/site:ro"], &format!("{list}; touch new"));
    let elsewhere =
        run(&world, &["--mount", "type=volume,src=data,dst=/new/place"], "cat /new/place/page; ls /srv/site");
    let empty = run(&world, &["-v", "bare:/srv/site:nocopy"], list);
    let text = [first, second, elsewhere, empty].join("--\n");
    settings().bind(|| insta::assert_snapshot!("volume_data", text));
    assert_eq!(engine(&world, &["ps", "-a", "-q"]), "");
}

#[test]
fn the_owner_is_who_comes_first() {
    let world = world();
    let text = [
        // As the directory below it; else the user's; and with U always the user's.
        run(&world, &["-v", "home:/home", "-u", "2000"], "stat -c '%u:%g %n' /home /home/*"),
        run(&world, &["-v", "own:/new", "-u", "2000:3000"], "stat -c '%u:%g %n' /new; touch /new/mine"),
        run(&world, &["-v", "own:/new", "-u", "4000"], "stat -c '%u:%g %n' /new /new/*; touch /new/mine"),
        run(&world, &["-v", "own:/new:U", "-u", "4000:5000"], "stat -c '%u:%g %n' /new /new/*; touch /new/mine"),
    ]
    .join("--\n");
    settings().bind(|| {
        insta::assert_snapshot!(text, @r"
    0:0 /home
    1000:1000 /home/user
    --
    2000:3000 /new
    --
    2000:3000 /new
    2000:3000 /new/mine
    touch: /new/mine: Permission denied
    [exit 1]
    --
    4000:5000 /new
    4000:5000 /new/mine
    ")
    });
    assert_eq!(engine(&world, &["volume", "rm", "own", "home"]), "own\nhome\n");
}

#[test]
fn an_anonymous_volume_ends_with_its_container() {
    let world = world();
    let volumes = || engine(&world, &["volume", "ls", "-q"]).lines().count();
    assert_eq!(run(&world, &["-v", "/anonymous"], "ls /var/lib/data; touch /anonymous/x"), "first\n");
    assert_eq!(volumes(), 0, "--rm");
    for (remove, left) in [(&["rm", "-v", "c"][..], 0), (&["rm", "c"], 1), (&["rm", "-fv", "c"], 1)] {
        engine(&world, &["create", "--name", "c", "site", "true"]);
        assert_eq!(engine(&world, remove), "c\n");
        assert_eq!(volumes(), left, "{remove:?}");
    }
    let name = engine(&world, &["volume", "ls", "-q"]);
    assert_eq!(name.trim().len(), 64);
    assert_eq!(engine(&world, &["volume", "inspect", "-f", "{{.Anonymous}}", name.trim()]), "true\n");
    // Another container uses it by its name: then it stays.
    engine(&world, &["create", "--name", "c", "site", "true"]);
    let anonymous = engine(&world, &["volume", "ls", "-q"]).replace(&name, "");
    engine(&world, &["create", "--name", "d", "-v", &format!("{}:/d", anonymous.trim()), "site", "true"]);
    engine(&world, &["rm", "-v", "c"]);
    assert!(engine(&world, &["volume", "ls", "-q"]).contains(anonymous.trim()));
}

#[test]
fn a_volume_in_use_stays() {
    let world = world();
    engine(
        &world,
        &["run", "-d", "--name", "web", "--network", "none", "-v", "data:/srv/site", "site", "sleep", "100"],
    );
    engine(&world, &["create", "--name", "other", "-v", "more:/x", "site", "true"]);
    let text = session(
        &world,
        &[
            &["volume", "rm", "data"],
            &["volume", "rm", "more"],
            &["volume", "prune", "-f"],
            &["volume", "ls", "-q", "--filter", "dangling=true"],
            &["exec", "web", "cat", "/srv/site/page"],
            &["volume", "rm", "-f", "-t", "0", "data"],
            &["ps", "-a", "--format", "{{.Names}}"],
            &["volume", "exists", "data"],
            &["rm", "-v", "other"],
            &["volume", "rm", "more"],
        ],
    );
    settings().bind(|| insta::assert_snapshot!("volume_in_use", text));
}

#[test]
fn what_the_image_links_to_is_the_images() {
    let world = world();
    world.write("home/canary", "of the host\n");
    for (name, place) in [("a", "/link"), ("b", "/up"), ("c", "/link/../etc")] {
        let volume = format!("{name}:{place}");
        let text = run(&world, &["-v", &volume], "true");
        assert_eq!(text, "", "{place}");
        let passwd = fs::read_to_string(volume_file(&world, name, "passwd")).unwrap();
        assert_eq!(passwd, run(&world, &[], "cat /etc/passwd"), "{place}");
    }
}

fn volume_file(world: &World, name: &str, file: &str) -> PathBuf {
    volume(world, name).join("_data").join(file)
}

#[test]
fn a_directory_of_the_host_can_have_a_volumes_name() {
    let world = world();
    let directory = world.dir("home/shared");
    world.write("home/shared/file", "of the host\n");
    let device = format!("device={}", directory.display());
    let create = ["volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", &device, "shared"];
    assert_eq!(engine(&world, &create), "shared\n");
    assert_eq!(run(&world, &["-v", "shared:/srv/site"], "ls /srv/site; echo more >/srv/site/made"), "file\n");
    assert_eq!(engine(&world, &["volume", "rm", "shared"]), "shared\n");
    assert_eq!(fs::read_to_string(directory.join("made")).unwrap(), "more\n");
}

#[test]
fn what_a_killed_one_left_is_swept() {
    let world = world();
    engine(&world, &["volume", "create", "first"]);
    // Half of one that was being made, and of one that was being removed.
    for name in [".new-1", ".old-1"] {
        let draft = PathBuf::from("data/podling/volumes").join(name);
        world.dir(draft.join("_data"));
        world.dir(draft);
    }
    assert_eq!(engine(&world, &["volume", "ls", "-q"]), "first\n");
    engine(&world, &["volume", "create", "second"]);
    let mut names: Vec<_> = fs::read_dir(volume(&world, "")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["first", "second"]);
    // Somebody was killed when half of the image's content was in it.
    let json = volume(&world, "first").join("volume.json");
    let text = fs::read_to_string(&json).unwrap().replace("\"filling\":false", "\"filling\":true");
    assert!(text.contains("\"filling\":true"));
    fs::write(&json, text).unwrap();
    world.write("data/podling/volumes/first/_data/page", "half");
    world.write("data/podling/volumes/first/_data/sub/x", "");
    world.dir("data/podling/volumes/first/_data/sub");
    assert_eq!(
        run(&world, &["-v", "first:/srv/site"], "cd /srv/site; find . | sort; cat page"),
        ".\n./empty\n./page\n./sub\n./sub/file\nof the image\n"
    );
}

#[test]
fn a_verb_may_be_killed_at_any_moment() {
    let world = World::new();
    engine(&world, &["volume", "create", "kept"]);
    for round in 0..80_u64 {
        let name = format!("v{}", round % 3);
        let args = if round % 2 == 0 { ["volume", "create", &name] } else { ["volume", "rm", &name] };
        let mut child = world.process("engine");
        let mut child = child.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Over the time that such a verb takes, and the child that `rm` has in the user namespace is killed with it.
        thread::sleep(Duration::from_micros(round * round * 7 % 45_000));
        child.kill().unwrap();
        child.wait().unwrap();
        for name in engine(&world, &["volume", "ls", "-q"]).lines() {
            assert!(volume(&world, name).join("_data").is_dir(), "{name} is whole");
        }
    }
    // A killed one's child may still be at work.
    let names = await_some("the drafts to be swept", || {
        engine(&world, &["volume", "rm", "-f", "v0", "v1", "v2"]);
        let entries = fs::read_dir(volume(&world, "")).unwrap();
        let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        (names == ["kept"]).then_some(names)
    });
    assert_eq!(names, ["kept"]);
}

#[test]
fn many_begin_with_the_same_new_volume() {
    let world = world();
    let seen: Vec<String> = thread::scope(|scope| {
        let one =
            || run(&world, &["-v", "data:/srv/site"], "cat /srv/site/page /srv/site/sub/file; echo x >>/srv/site/log");
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(seen, ["of the image\nbelow\n"; 6]);
    assert_eq!(run(&world, &["-v", "data:/srv/site"], "wc -l </srv/site/log"), "6\n");
}

#[test]
fn a_name_is_given_once() {
    let root = tempfile::tempdir().unwrap();
    let volumes = Volumes::new(root.path());
    for round in 0..30 {
        let name = format!("name{round}");
        let start = Barrier::new(8);
        let made = || {
            start.wait();
            volumes.create(Some(&name), BTreeMap::new(), BTreeMap::new()).is_ok()
        };
        let count = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(made)).collect();
            threads.into_iter().filter(|_| true).map(|thread| thread.join().unwrap()).filter(|made| *made).count()
        });
        assert_eq!(count, 1);
    }
    // Making and removing the same one at once: there is always a whole one, or none.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..100).for_each(|_| drop(volumes.remove("busy", &|_| Ok(Vec::new())))));
            scope.spawn(|| (0..100).for_each(|_| assert_eq!(volumes.ensure("busy", false).unwrap().name, "busy")));
        }
    });
    let names: Vec<_> = fs::read_dir(root.path().join("volumes")).unwrap().map(|e| e.unwrap().file_name()).collect();
    let drafts: Vec<_> = names.iter().filter(|name| name.to_string_lossy().starts_with('.')).collect();
    assert!(drafts.is_empty(), "{drafts:?}");
}

#[test]
fn the_built_in_help_names_the_verbs() {
    let world = World::new();
    let _ = busybox_archive(&world);
    let text = engine(&world, &["volume", "--help"]);
    for verb in ["create", "exists", "inspect", "ls", "prune", "rm"] {
        assert!(text.contains(&format!("\n  {verb}")), "{verb}: {text}");
    }
}
