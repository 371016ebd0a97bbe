//! Who a program is, when the image's files lie about it, and what it may do as that.

mod common;

use common::cage::{Cage, file};
use support::image::BUSYBOX;

/// Numbers and what looks like numbers; whoever takes them for names, or for less than they are, gets root from these.
const PASSWD: &str = "root:x:0:0::/:/bin/sh\n1000:x:0:0::/:\n2147483648:x:0:0::/:\n4294967295:x:0:0::/:\n4294967296:x:0:0::/:\n\
                      1x:x:0:0::/:\n+1:x:0:0::/:\nlast:x:4294967295:0::/:\nplus:x:+0:0::/:\nminus:x:-1:0::/:\nhex:x:0x0:0::/:\n\
                      far:x:4294967296:0::/:\n";
const GROUP: &str = "root:x:0:\n1000:x:0:\n2147483648:x:0:\n4294967295:x:0:\n4294967296:x:0:\n+1:x:0:\nlast:x:4294967295:\n\
                     plus:x:+0:\n";

/// CVE-2016-3697, CVE-2024-40635, CVE-2026-46680, CVE-2026-30892. Each of them is what it says, or an error; none is
/// root that does not say so.
#[test]
fn a_number_is_that_number_or_an_error() {
    let cage = Cage::new();
    let files = |dir: &std::path::Path, _: &std::path::Path| {
        file(&dir.join("etc/passwd"), PASSWD, 0o644);
        file(&dir.join("etc/group"), GROUP, 0o644);
    };
    let image = cage.image("numbers", "", files);
    cage.typed(&["run", "-d", "--network=none", "--name=up", &image, "sleep", "1000"]);
    let id = ["sh", "-c", "echo $(id -u):$(id -g):$(id -G)"];
    let ways = |user: &str| {
        let run = cage.typed(&[&["run", "--rm", "--network=none", "--user", user, &image][..], &id].concat());
        let exec = cage.typed(&[&["exec", "--user", user, "up"][..], &id].concat());
        let config = format!(r#""User":"{user}""#);
        let config = cage.image("user", &config, files);
        [run, exec, cage.typed(&[&["run", "--rm", "--network=none", &config][..], &id].concat())]
    };
    for (user, is) in [
        ("1", "1:0:0\n"),
        ("1:1", "1:1:1\n"),
        ("1000", "1000:0:0\n"),
        ("1000:1000", "1000:1000:1000\n"),
        ("0:7", "0:7:7\n"),
    ] {
        assert_eq!(ways(user), [is; 3], "{user}");
    }
    for user in [
        "1:",
        ":1",
        ":",
        "+1",
        "-1",
        "1x",
        "0x1",
        " 1",
        "1 ",
        "1:+1",
        "1:1:1",
        "2147483648",
        "4294967295",
        "4294967296",
        "18446744073709551616",
        "0:2147483648",
        "0:4294967295",
        "0:4294967296",
        "last",
        "plus",
        "minus",
        "hex",
        "far",
        "1:last",
        "1:plus",
    ] {
        for said in ways(user) {
            assert!(
                said.starts_with("Error: ") && said.lines().last().unwrap().starts_with("[exit 12"),
                "{user}: {said}"
            );
        }
    }
    for group in ["2147483648", "4294967295", "4294967296", "last", "plus", "+1", "-1", ""] {
        let said = cage.typed(&["run", "--rm", "--network=none", "--user=1", "--group-add", group, &image, "id"]);
        assert!(said.starts_with("Error: "), "{group}: {said}");
    }
    cage.typed(&["rm", "-f", "-t", "0", "up"]);
}

/// CVE-2022-2989, CVE-2022-2990, CVE-2022-36109, CVE-2023-25173: a file that is closed to the user's group stays closed
/// when a program makes another group the primary one.
#[test]
fn a_group_that_is_refused_stays_refused() {
    let cage = Cage::new();
    let image = cage.probe();
    // To everybody but group 2000; and a program that runs as group 3000, whoever starts it.
    let script = "echo x >/file; chgrp 2000 /file; chmod 604 /file; cp /bin/probe /probe; chgrp 3000 /probe; \
                  chmod 2755 /probe; echo ready; exec sleep 1000";
    cage.typed(&["run", "-d", "--network=none", "--name=up", &image, "sh", "-c", script]);
    support::observe::await_some("the files", || cage.typed(&["logs", "up"]).contains("ready").then_some(()));
    let read = |user: &str| cage.typed(&["exec", "--user", user, "up", "/probe", "read", "/file", "3000"]);
    assert_eq!(read("1000:2000"), "group 2000\nsetgid: done\nread: Permission denied\n");
    assert_eq!(read("1000:4000"), "group 4000\nsetgid: done\nread: done\n");
    cage.typed(&["rm", "-f", "-t", "0", "up"]);
    let groups = ["--user=1000:2000", "--group-add=3000", &image, "/bin/probe", "read", "/etc/passwd"];
    let said = cage.typed(&[&["run", "--rm", "--network=none"], &groups[..]].concat());
    assert_eq!(said, "group 2000\ngroup 3000\nread: done\n");
}

/// The five sets of a process, by the first letters that name them in /proc/self/status.
fn sets(said: &str) -> Vec<u64> {
    let set = |line: &str| u64::from_str_radix(line.split_whitespace().last()?, 16).ok();
    said.lines().filter(|line| line.starts_with("Cap")).filter_map(set).collect()
}

/// CVE-2022-29162, CVE-2022-27649, CVE-2022-27650, CVE-2022-27651: root inherits nothing, and so gives nothing to programs
/// that it becomes another user for. CVE-2018-10856, CVE-2021-20188: that user has nothing, also in a privileged container.
#[test]
fn nothing_is_inheritable_and_another_user_has_nothing() {
    let cage = Cage::new();
    let look = ["grep", "Cap", "/proc/self/status"];
    for flags in [&[][..], &["--cap-add=NET_RAW,SYS_ADMIN"], &["--cap-drop=all"], &["--privileged"]] {
        let run = [&["run", "--rm", "--network=none"], flags].concat();
        let up = [&["run", "-d", "--network=none", "--name=up"], flags, &[BUSYBOX, "sleep", "1000"]].concat();
        cage.typed(&up);
        for (way, user) in [
            ([&run[..], &[BUSYBOX]].concat(), "0"),
            ([&run[..], &["--user=1000", BUSYBOX]].concat(), "1000"),
            (vec!["exec", "up"], "0"),
            (vec!["exec", "--privileged", "up"], "0"),
            (vec!["exec", "--user=1000", "up"], "1000"),
            (vec!["exec", "--user=1000", "--privileged", "up"], "1000"),
        ] {
            let said = cage.typed(&[&way[..], &look].concat());
            let [inheritable, permitted, effective, bounding, ambient] = sets(&said)[..] else { panic!("{said}") };
            // What was asked for by name is the other user's as well, and then it cannot but be inheritable.
            let asked = if user != "0" && flags[..] == ["--cap-add=NET_RAW,SYS_ADMIN"] { 1 << 13 | 1 << 21 } else { 0 };
            assert_eq!((inheritable, ambient), (asked, asked), "{way:?}: {said}");
            let expected = if user == "0" { bounding } else { asked };
            assert_eq!((permitted, effective), (expected, expected), "{way:?}: {said}");
        }
        cage.typed(&["rm", "-f", "-t", "0", "up"]);
    }
}
