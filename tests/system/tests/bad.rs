//! What is missing or wrong on the way to a container: what is said, the exit status, and that nothing is left.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use insta::assert_snapshot;
use support::image::{BUSYBOX, busybox_and, pack};
use support::{World, busybox_archive, observe, settings};

/// What a person sees, and the exit status.
fn text(output: Output) -> String {
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    format!("{text}[exit {}]\n", output.status.code().unwrap_or(-1))
}

fn podling(world: &World, words: &[&str]) -> String {
    text(world.command("podling").args(words).output().unwrap())
}

/// Every file in the store but the directories that are made once.
fn files(world: &World) -> Vec<String> {
    let output = Command::new("find").arg(world.data()).args(["!", "-type", "d"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect()
}

fn assert_nothing(world: &World) {
    assert_eq!(files(world), [""; 0]);
    assert_eq!(observe::processes_of(world.root()), [0; 0]);
    assert_eq!(fs::read_dir(world.root().join("tmp")).unwrap().count(), 0);
    assert!(observe::mounts_below(world.root()).is_empty());
}

/// Runs `podling run --rm hello` in a mount namespace in which files of the host are hidden by a script.
fn elsewhere(world: &World, hide: &str, path: Option<&str>) -> String {
    script_elsewhere(world, hide, r#"exec "$0" run --rm hello"#, path)
}

/// Runs one script as root of a mount namespace of its own, and then another as the user; `$0` is podling.
fn script_elsewhere(world: &World, hide: &str, script: &str, path: Option<&str>) -> String {
    let bin = world.process("podling").get_program().to_owned();
    let user = support::user();
    let mut command = Command::new("unshare");
    // An ordinary user hides files in a user namespace, and is itself again in another one.
    let (outer, back): (&[&str], String) = match user.drop {
        true => (&["--mount"], format!("setpriv --reuid={} --regid={} --clear-groups", user.uid, user.gid)),
        false => (
            &["--map-root-user", "--mount"],
            format!("unshare --user --map-user={} --map-group={}", user.uid, user.gid),
        ),
    };
    command.args(outer).args(["sh", "-c", &format!(r#"{hide}; exec {back} -- sh -c "$1" "$0""#)]).arg(bin).arg(script);
    let like = world.process("true");
    command.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(world.root().join("home"));
    if let Some(path) = path {
        command.env("PATH", path);
    }
    text(command.output().unwrap())
}

#[test]
fn a_user_without_subordinate_ids() {
    let world = World::new();
    let empty = world.write("empty", "");
    let said = elsewhere(
        &world,
        &format!("mount --bind {0} /etc/subuid && mount --bind {0} /etc/subgid", empty.display()),
        None,
    );
    let mut settings = settings();
    // The range that is free on this machine.
    settings.add_filter(r"(\[SUB[UG]ID\]|\d{5,})-\d+", "[RANGE]");
    // What the built-in image says of the rest is not asked here.
    settings.add_filter(
        r"(?s)^Hello from podling!.*root in here is uid \[UID\] outside; (no other id is mapped).*\nWarning",
        "[...] $1 [...]\nWarning",
    );
    settings.bind(|| assert_snapshot!("no_subuid", said));
    // What cannot be done without any is an error.
    let said = script_elsewhere(
        &world,
        &format!("mount --bind {0} /etc/subuid && mount --bind {0} /etc/subgid", empty.display()),
        r#"exec "$0" run --rm --userns nomap hello"#,
        None,
    );
    settings.bind(|| assert_snapshot!("no_subuid_nomap", said));
}

#[test]
fn no_newuidmap() {
    let world = World::new();
    // All that the shell needs, and nothing else.
    let bin = world.dir("path");
    for tool in ["sh", "mount", "unshare", "setpriv"] {
        let found =
            ["/usr/bin", "/bin"].iter().map(|dir| Path::new(dir).join(tool)).find(|path| path.exists()).unwrap();
        std::os::unix::fs::symlink(found, bin.join(tool)).unwrap();
    }
    let said = elsewhere(&world, "true", bin.to_str());
    settings().bind(|| assert_snapshot!("no_newuidmap", said));
    assert_nothing(&world);
}

#[test]
fn a_truncated_archive() {
    let world = World::new();
    let archive = busybox_archive(&world);
    let whole = fs::metadata(&archive).unwrap().len();
    let mut all = String::new();
    // In the first header, in a header, in a layer, and just before its end.
    for length in [0, 100, 700, 5000, whole / 2, whole - 2048 - 10240] {
        let part = world.root().join("part.tar");
        fs::copy(&archive, &part).unwrap();
        File::options().write(true).open(&part).unwrap().set_len(length).unwrap();
        all += &podling(&world, &["load", "-i", part.to_str().unwrap()]);
        assert_nothing(&world);
    }
    settings().bind(|| assert_snapshot!("truncated", all));
}

#[test]
fn an_archive_that_lies() {
    let world = World::new();
    let archive = busybox_and(&world, "liar", r#""Cmd":["/bin/sh"]"#, |dir| fs::write(dir.join("file"), "x").unwrap());
    let mut all = String::new();
    // One byte of a layer is another.
    let mut bytes = fs::read(&archive).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    let liar = world.write("flipped.tar", bytes);
    all += &podling(&world, &["load", "-i", liar.to_str().unwrap()]);
    assert_nothing(&world);
    // It is no archive at all.
    for (name, content) in [("text", "not a tar"), ("zeros", &"\0".repeat(4096))] {
        let file = world.write(name, content);
        all += &podling(&world, &["load", "-i", file.to_str().unwrap()]);
    }
    all += &podling(&world, &["load", "-i", "/nonexistent.tar"]);
    all += &podling(&world, &["load", "-i", "/tmp"]);
    settings().bind(|| assert_snapshot!("liar", all));
    assert_nothing(&world);
}

#[test]
fn a_name_that_is_none() {
    let world = World::new();
    let layer = world.write("layer.tar", vec![0; 1024]);
    let mut all = String::new();
    for name in ["../../etc/passwd", "UPPER/case:latest", "a b", "", "localhost/x:../../y"] {
        let archive = world.root().join("named.tar");
        pack(&world, &archive, name, "", &[&layer]);
        all += &format!("{name:?}: {}", podling(&world, &["load", "-i", archive.to_str().unwrap()]));
    }
    settings().bind(|| assert_snapshot!("names", all));
}

#[test]
fn no_such_image_and_no_such_flag() {
    let world = World::new();
    let mut all = String::new();
    for words in [
        &["run", "--rm", "--pull", "never", BUSYBOX, "true"][..],
        &["run", "--rn", "hello"],
        &["run", "--rm", "--user"],
        &["rn"],
        &[],
    ] {
        all += &format!("$ podling {}\n{}\n", words.join(" "), podling(&world, words));
    }
    settings().bind(|| assert_snapshot!("no_such", all));
    assert_nothing(&world);
}

#[test]
fn a_store_that_cannot_be() {
    let world = World::new();
    let file = world.write("file", "");
    let roots = [file.to_str().unwrap(), "/proc/podling", "/etc/podling"];
    let all = roots.map(|root| format!("{root}: {}", podling(&world, &["run", "--rm", "--root", root, "hello"])));
    settings().bind(|| assert_snapshot!("no_store", all.concat()));
    assert_nothing(&world);
    assert!(!Path::new("/etc/podling").exists());
}

#[test]
fn a_full_disk() {
    let world = World::new();
    let archive = busybox_archive(&world);
    let data = world.data();
    let hide = format!("mount -t tmpfs -o size=512k,mode=0777 none {}", data.display());
    let script = format!(
        r#""$0" load -i {archive}; echo "exit $?"; find {data} ! -type d; "$0" images; "$0" run --rm hello; echo "exit $?"; "$0" ps -a; find {data} ! -type d"#,
        archive = archive.display(),
        data = data.display(),
    );
    let said = script_elsewhere(&world, &hide, &format!("exec 2>&1; {script}"), None);
    settings().bind(|| assert_snapshot!("full_disk", said));
    assert_nothing(&world);
}

#[test]
fn a_home_that_is_read_only() {
    let world = World::new();
    let hide = format!("mount --bind {0} {0} && mount -o remount,ro,bind {0}", world.root().display());
    let said = elsewhere(&world, &hide, None);
    settings().bind(|| assert_snapshot!("read_only_home", said));
    assert_nothing(&world);
}
