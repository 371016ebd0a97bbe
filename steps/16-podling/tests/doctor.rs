//! `doctor`: one table, and what it says of machines that lack something.

use std::path::Path;

use process::prerequisite::{Mend, PREREQUISITES, prerequisite};
use serde_json::Value;
use support::{World, settings, user};

/// What it finds, and its exit status.
fn found(world: &World, path: &str) -> (Vec<Value>, i32) {
    let mut command = world.command("podling");
    let output = command.env("PATH", path).args(["doctor", "--format", "json"]).output().unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
}

fn of<'a>(found: &'a [Value], id: &str) -> &'a Value {
    found.iter().find(|one| one["ID"] == id).unwrap()
}

#[test]
fn a_machine_that_runs_containers() {
    let world = World::new();
    let (found, status) = found(&world, "/usr/sbin:/usr/bin:/sbin:/bin");
    assert_eq!((found.len(), status), (PREREQUISITES.len(), 0));
    for id in ["kernel", "user-namespaces", "subids", "newuidmap", "newuidmap-rights", "overlay", "seccomp", "pasta"] {
        assert_eq!(of(&found, id)["State"], "ok", "{}", of(&found, id));
    }
    for one in &found {
        assert_ne!(one["Found"], "not looked at", "{}", one["ID"]);
    }
    // It looks, and leaves nothing.
    let store = world.data().join("podling");
    let left: Vec<_> = store.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_machine_without_the_helpers() {
    let world = World::new();
    let (found, status) = found(&world, "/nowhere");
    assert_eq!(status, 1);
    assert_eq!(
        (&of(&found, "newuidmap")["State"], &of(&found, "pasta")["State"]),
        (&"missing".into(), &"limited".into())
    );
    for (id, debian, fedora) in [("newuidmap", "uidmap", "shadow-utils"), ("pasta", "passt", "passt")] {
        let mend = of(&found, id)["Mend"].as_str().unwrap();
        assert!(mend.contains(debian) || mend.contains(fedora), "{mend}");
    }
    // The hint under the error that such a machine gives is the same.
    let output = world.command("podling").env("PATH", "/nowhere").args(["run", "--rm", "hello"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(said.contains(of(&found, "newuidmap")["Mend"].as_str().unwrap()), "{said}");
}

/// What the tests say of a machine that lacks something is what doctor says.
#[test]
fn the_harness_has_the_same_words() {
    let world = World::new();
    let (found, _) = found(&world, "/nowhere");
    for id in ["newuidmap", "pasta"] {
        assert_eq!(of(&found, id)["Mend"], support::mending(id, &user().name), "{id}");
    }
}

/// No command of a kernel's module mends a home that is none.
#[test]
fn a_home_that_is_none() {
    let world = World::new();
    let overlay = |home: Option<&str>| {
        let mut command = world.command("podling");
        command.env_remove("XDG_DATA_HOME").env_remove("HOME").args([
            "doctor",
            "--format",
            "{{.ID}} {{.State}}: {{.Found}}; {{.Mend}}",
        ]);
        let output = command.envs(home.map(|home| ("HOME", home))).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().find(|line| line.starts_with("overlay ")).unwrap().to_string()
    };
    settings().bind(|| insta::assert_snapshot!("no_home", [overlay(None), overlay(Some("/proc/nobody"))].join("\n")));
}

/// Whoever shares ids with somebody else has to give them back.
#[test]
fn a_range_that_somebody_else_has_too() {
    let world = World::new();
    let user = user();
    let ids = world.write("ids", format!("somebody:{0}:65536\n{1}:{0}:65536\n", user.subuid.0, user.name));
    // An ordinary user hides files in a user namespace, and is itself again in another one.
    let (outer, back): (&[&str], String) = match user.drop {
        true => (&["--mount"], format!("setpriv --reuid={} --regid={} --clear-groups", user.uid, user.gid)),
        false => (
            &["--map-root-user", "--mount"],
            format!("unshare --user --map-user={} --map-group={}", user.uid, user.gid),
        ),
    };
    let hide = format!("mount --bind {0} /etc/subuid && mount --bind {0} /etc/subgid", ids.display());
    let like = world.process("podling");
    let mut command = std::process::Command::new("unshare");
    command.args(outer).args(["sh", "-c", &format!(r#"{hide}; exec {back} -- "$0" doctor"#)]).arg(like.get_program());
    command
        .env_clear()
        .envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(world.root());
    let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let lines: Vec<&str> = said.lines().skip_while(|line| !line.starts_with("subids")).take(4).collect();
    let mut settings = settings();
    settings.add_filter(r"(\[SUB[UG]ID\]|\d{5,})-\d+", "[RANGE]");
    settings.bind(|| insta::assert_snapshot!("shared_range", lines.join("\n")));
}

#[test]
fn a_user_without_subordinate_ids() {
    let world = World::new();
    let program = world.process("podling").get_program().to_owned();
    let mut command = world.command("unshare");
    command.env_remove("USER").args(["--user", "--map-user=54321", "--map-group=54321", "--"]).arg(program);
    let output = command.args(["doctor", "--format", "{{.ID}} {{.State}}: {{.Mend}}"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let line = said.lines().find(|line| line.starts_with("subids")).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!([words[0], words[1], words[8]], ["subids", "limited:", "54321"], "{line}");
    // A range that nobody has: above that of the tests' user, at least.
    let first: u32 = words[5].split('-').next().unwrap().parse().unwrap();
    assert!(words[5] == words[7] && first >= user().subuid.0 + user().subuid.1, "{line}");
}

#[test]
fn what_is_wanted_and_why() {
    let world = World::new();
    let mut command = world.command("podling");
    let output =
        command.args(["doctor", "--format", "{{.ID}} | {{.What}} | {{.Why}} | {{.Chapter}}"]).output().unwrap();
    settings().bind(|| insta::assert_snapshot!("doctor", String::from_utf8(output.stdout).unwrap()));
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src");
    for one in &PREREQUISITES {
        assert!(book.join(one.chapter).with_extension("md").exists(), "{}", one.chapter);
    }
}

/// The installation chapter has the packages and the commands of the table, and no others.
#[test]
fn the_installation_chapter_says_the_same() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src");
    let read = |page: &str| std::fs::read_to_string(book.join(page)).unwrap();
    let (start, linux) = (read("installation.md"), read("installation-linux.md"));
    let row = |distribution: &str| start.lines().find(|line| line.starts_with(&format!("| {distribution}"))).unwrap();
    for id in ["newuidmap", "pasta"] {
        let Mend::Package(package) = &prerequisite(id).unwrap().mend else { panic!("{id}") };
        for (distribution, name) in
            [("Debian", package.apt), ("Fedora", package.dnf), ("Arch", package.pacman), ("openSUSE", package.zypper)]
        {
            assert!(row(distribution).contains(&format!("`{name}`")), "{distribution}: {name}");
        }
    }
    let command = |id: &str| match prerequisite(id).unwrap().mend.on(true) {
        Mend::Command(command) => *command,
        _ => panic!("{id}"),
    };
    for part in command("delegation").split(" && ") {
        assert!(linux.contains(&format!("$ {part}\n")), "{part}");
    }
    let range = command("subids").replace("RANGE", "100000-165535").replace("USER", "$USER");
    for line in [range, format!("sudo {}", command("linger").replace("USER", "$USER"))] {
        assert!(linux.contains(&format!("$ {line}\n")), "{line}");
    }
}
