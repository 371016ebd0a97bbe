//! `explain`: what is done, what the kernel then says, and whose files are whose.

mod common;

use std::fs;

use common::{Podling, text};
use support::image::busybox_and;
use support::{observe, settings, user};

#[test]
fn what_is_done_to_make_one() {
    let podling = Podling::new();
    let volume = podling.world.dir("volume");
    let volume = format!("{}:/there:ro", volume.display());
    let flags =
        ["--explain", "--network=none", "--name=told", "--hostname=told", "-v", &volume, "-u", "1000", "--read-only"];
    let shown = podling.run(&flags, &["echo", "the program's word"]);
    // Said before the program says something.
    assert!(shown.find("[step 01]").unwrap() > shown.find("[step 05]").unwrap());
    let mut settings = settings();
    settings.add_filter(r"by \d+ instructions", "by [COUNT] instructions");
    settings.add_filter(r"hide /.*", "hide [PATHS]");
    // What can be had depends on the machine.
    settings.add_filter(
        r"(?m)^\[step 04\] (put it|leave it|let systemd) .*\n(\[step 04\] none of its own .*\n)?",
        "[step 04] [CGROUP]\n",
    );
    // Only where version 2 is alone.
    settings.add_filter(r"(?m)^.* mount a new cgroup2 .*\n", "");
    settings.bind(|| insta::assert_snapshot!("explain_run", shown));
    let shown = podling.shown(&["run", "-d", "--explain", "--network=none", "--name=box", "busybox", "cat"]);
    assert!(shown.contains("[step 09] stay as its monitor"), "{shown}");
    podling.shown(&["rm", "-f", "box"]);
}

/// What is not the container's own is told too.
#[test]
fn what_is_shared_and_asked_for() {
    let podling = Podling::new();
    let cat = podling.cat(&["--name=box", "--network=none"]);
    let flags =
        ["--explain", "--network=none", "--pid=container:box", "--uts=host", "--oom-score-adj=500", "--group-add=3"];
    let told = podling.run(&flags, &["true"]);
    let score = fs::read_to_string("/proc/self/oom_score_adj").unwrap();
    assert!(score.trim().parse::<i32>().unwrap() <= 500, "{score}");
    let delegated =
        told.contains("[step 04] put it into the cgroup /") || told.contains("[step 04] let systemd put it");
    let lacking =
        told.contains("[step 04] leave it in the cgroup of its caller\n[step 04] none of its own is delegated");
    assert!(delegated != lacking, "{told}");
    let about = ["namespace", "oom_score", "become user"];
    let lines = told.lines().filter(|line| about.iter().any(|word| line.contains(word)));
    settings().bind(|| insta::assert_snapshot!("explain_shared", lines.collect::<Vec<_>>().join("\n")));
    let kept = podling.run(&["--explain", "--network=none", "--group-add=keep-groups"], &["true"]);
    assert!(kept.contains("become user 0, group 0, and stay in the caller's groups"), "{kept}");
    let without = podling.run(&["--explain", "--network=none", "--cgroups=disabled"], &["true"]);
    assert!(without.contains("[step 04] leave it in the cgroup of its caller\n[step 10]"), "{without}");
    cat.end();
}

/// What was told and what the kernel says are about the same things.
#[test]
fn what_the_kernel_says_of_it() {
    let podling = Podling::new();
    let cat = podling.cat(&["--name=box", "--network=none", "-u", "1000", "--security-opt=no-new-privileges"]);
    let by_name = podling.shown(&["explain", "box"]);
    let by_pid = podling.shown(&["explain", &cat.pid.to_string()]);
    assert_eq!(by_name.lines().skip(1).collect::<Vec<_>>(), by_pid.lines().skip(1).collect::<Vec<_>>());
    let status = observe::status(cat.pid);
    let ids = user();
    for line in [
        format!("[step 02] user 0 inside is {} outside", ids.uid),
        format!("[step 02] namespace {}: mounts of its own", observe::namespace(cat.pid, "mnt")),
        "[step 03] /proc is proc (rw,nosuid,nodev,noexec,relatime)".to_string(),
        format!(
            "[step 05] it is user {}, group {} outside",
            status["Uid"].split(' ').next().unwrap(),
            status["Gid"].split(' ').next().unwrap()
        ),
        "[step 05] it has the capabilities none".to_string(),
        "[step 05] setuid programs have no effect (no_new_privs)".to_string(),
        "[step 01] it is cat, process 1 of its namespace".to_string(),
    ] {
        assert!(by_name.lines().any(|found| found == line), "{line}\n{by_name}");
    }
    cat.end();
    let mut shown = podling.shown(&["explain", "box"]);
    podling.shown(&["create", "--name=made", "busybox"]);
    shown += &podling.shown(&["explain", "made"]);
    shown += &podling.shown(&["explain", "4194305"]);
    shown += &podling.shown(&["explain", "/no/such/file"]);
    settings().bind(|| insta::assert_snapshot!("explain_nothing", shown));
}

#[test]
fn whose_a_file_is() {
    let podling = Podling::new();
    let me = user();
    // Owned as the container's users call it: an ordinary user can give files away in its namespace alone.
    let place = |name: &str, inside: &str, mode: &str| {
        let path = podling.world.dir(name).display().to_string();
        let script = format!("chmod {mode} {path}; chown {inside} {path}");
        podling.world.command("podling").args(["unshare", "sh", "-c", &script]).assert().success();
        path
    };
    let (mine, theirs) = (place("mine", "0:0", "755"), place("theirs", "1000:0", "700"));
    let file = podling.world.write("note", "text").display().to_string();
    let mut shown = String::new();
    // The last one is root's, who has no number in there.
    for path in [&mine, &theirs, &file, "/usr"] {
        let output = podling.world.command("podling").args(["explain", path]).output().unwrap();
        shown += &format!("{}\n", text(output));
    }
    for words in [["-u", "0", mine.as_str()], ["--user=2000:0", &theirs, ""], ["-u", "ann", &mine]] {
        let words = words.iter().filter(|word| !word.is_empty());
        let output = podling.world.command("podling").arg("explain").args(words).output().unwrap();
        shown += &format!("{}\n", text(output));
    }
    let mut settings = settings();
    settings.add_filter(&format!(r"\b{}\b", me.subuid.0 + 999), "[SUBUID+999]");
    settings.add_filter(r"(outside it belongs to user [^,\n]+), group .*", "$1, group [GROUP]");
    settings.bind(|| insta::assert_snapshot!("explain_path", shown));
    // What is said is what happens.
    let try_it = |path: &str, uid: &str| {
        let volume = format!("{path}:/x");
        podling.out(
            &["--network=none", "-u", uid, "-v", &volume],
            &["sh", "-c", "touch /x/$(id -u) 2>/dev/null && echo yes || echo no"],
        )
    };
    let tried = [try_it(&mine, "0"), try_it(&mine, "1000"), try_it(&theirs, "0"), try_it(&theirs, "1000")];
    assert_eq!(tried, ["yes\n", "no\n", "yes\n", "yes\n"]);
}

#[test]
fn unshare() {
    let podling = Podling::new();
    let run = |words: &[&str]| {
        let mut command = podling.world.command("podling");
        text(command.arg("unshare").args(words).output().unwrap())
    };
    assert_eq!(run(&["id", "-u"]), "0\n");
    assert_eq!(run(&["sh", "-c", "touch x; chown 5:6 x; stat -c %u:%g x; exit 3"]), "5:6\n[exit 3]\n");
    let map = run(&["cat", "/proc/self/uid_map"]);
    let numbers: Vec<u32> = map.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers, [0, user().uid, 1, 1, user().subuid.0, user().subuid.1]);
}

/// By a further group, and as the user of an image, whose name is the image's matter.
#[test]
fn whose_a_file_is_for_that_user() {
    let podling = Podling::new();
    let above = |directory: &std::path::Path| {
        fs::create_dir(directory.join("etc")).unwrap();
        fs::write(directory.join("etc/passwd"), "root:x:0:0::/:\nclerk:x:2000:2001::/:\n").unwrap();
    };
    podling.load(&busybox_and(&podling.world, "office", r#""User":"clerk""#, above));
    let path = podling.world.dir("files").display().to_string();
    let script = format!("chmod 2770 {path}; chown 0:2001 {path}");
    podling.world.command("podling").args(["unshare", "sh", "-c", &script]).assert().success();
    let about = |words: &[&str]| {
        let shown = podling.shown(&[&["explain", &path], words].concat());
        let lines = shown.lines().filter(|line| line.starts_with('$') || line.contains("in a container may"));
        lines.collect::<Vec<_>>().join("\n") + "\n\n"
    };
    let mut shown = about(&[]) + &about(&["--group-add", "2001"]) + &about(&["-u", "2000:2001"]);
    shown += &about(&["--image", "office"]);
    shown += &podling.shown(&["explain", &path, "--image", "nobody"]);
    shown += &podling.shown(&["explain", "P99"]);
    settings().bind(|| insta::assert_snapshot!("explain_user", shown));
}
