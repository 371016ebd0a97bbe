//! Names that are paths, and documents that would put something where nobody meant it to be.

mod bundle;

use std::fs;
use std::path::{Path, PathBuf};

use bundle::Bundle;
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::lab::{Lab, Who};
use support::settings;

/// Every path below `dir`, links not followed.
fn below(dir: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().map(Result::unwrap) {
        paths.push(entry.path());
        if entry.file_type().unwrap().is_dir() {
            paths.extend(below(&entry.path()));
        }
    }
    paths.sort();
    paths
}

/// A slash in an id has led out of the directory of all containers, in other runtimes.
#[test]
fn an_id_is_no_path() {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.create("box");
    let (run, long) = (bundle.world.run(), "x".repeat(5000));
    let known = below(&run);
    for id in ["../x", "../box", "a/b", "/x", ".", "..", "", "*", "b*", "a\n", "a b", "é", &long] {
        for words in [
            &["create"][..],
            &["run"],
            &["start"],
            &["state"],
            &["kill"],
            &["delete"],
            &["delete", "--force"],
            &["ps"],
            &["pause"],
            &["resume"],
            &["exec"],
        ] {
            let words = [words, &[id], if words == ["exec"] { &["true"] } else { &[] }].concat();
            let said = bundle.runtime(&words);
            assert!(said.contains("rror: ") && said.contains("[exit "), "{words:?}: {said}");
            assert_eq!(known, below(&run), "{words:?}");
        }
    }
    assert_eq!(bundle.status("box"), "created");
    assert_eq!(bundle.runtime(&["delete", "--force", "box"]), "");
}

/// CVE-2026-41579, by root, who can make devices: their files are made in the container, and not where a link of the image
/// leads to, above all not in a directory that is open for us.
#[test]
fn a_device_is_made_inside() {
    let said = Lab::shared().ok(
        Who::Root,
        r#"
        directory=$(mktemp -d) && cd "$directory" && trap 'cd /; rm -rf "$directory"' EXIT
        mkdir -p canary rootfs/{bin,dev,sys,proc,tmp} && cp /bin/busybox rootfs/bin/
        for name in sh stat; do ln -s busybox rootfs/bin/$name; done
        /podling/target/debug/runtime spec
        jq '.process.args = ["stat", "-c", "%t:%T %u:%g %a", "/place/deep/podling-node"] | .root.readonly = false
            | .linux.devices = [{path: "/place/deep/podling-node", type: "c", major: 10, minor: 200, uid: 5, gid: 6, fileMode: 511}]' \
            config.json >changed && mv changed config.json
        attempt() {
            umask 77
            /podling/target/debug/runtime run lies-$$ >told 2>&1 || true
            grep -qx 'a:c8 5:6 777' told && echo made || grep -o '^Error: make the device' told
            find / /run /sys/fs/cgroup /dev -xdev -name podling-node ! -path "$directory/rootfs/*"
            rm -rf rootfs/place
        }
        attempt
        for target in $(seq -f /proc/self/fd/%.0f 3 16) "$directory/canary" ../../../../../../../../$directory/canary; do
            for at in place place/deep place/deep/podling-node; do
                mkdir -p rootfs/$at && rmdir rootfs/$at && ln -s $target rootfs/$at
                attempt
            done
        done | sort | uniq -c | sed 's/^ *//'
        ls -A canary"#,
    );
    // What the canary's links lead to is made in the root; the rest is refused, and nothing is anywhere else.
    assert_eq!(said, "made\n45 Error: make the device\n3 made\n");
}

/// CVE-2024-21626, CVE-2026-30892 and CVE-2022-29162, for a process that comes later.
#[test]
fn a_later_process_is_who_and_where_it_says() {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    for fd in 3..20 {
        std::os::unix::fs::symlink(format!("/proc/self/fd/{fd}"), bundle.dir().join(format!("rootfs/w{fd}"))).unwrap();
    }
    bundle.create("box");
    assert_eq!(bundle.runtime(&["start", "box"]), "");
    for fd in 3..20 {
        for cwd in [format!("/proc/self/fd/{fd}"), format!("/w{fd}"), format!("/w{fd}/..")] {
            let said = bundle.runtime(&["exec", "--cwd", &cwd, "box", "ls"]);
            assert!(
                said.contains("rror: ") && said.contains("[exit ") && !said.contains("config.json"),
                "{cwd}: {said}"
            );
        }
    }
    for user in ["1:", ":1", "+1", "-1", "1x", "0x1", " 1", "4294967295", "4294967296", "1:4294967295", "root", ""] {
        let user = format!("--user={user}");
        let said = bundle.runtime(&["exec", &user, "box", "id"]);
        assert!(said.contains("rror: ") && !said.contains("uid="), "{user}: {said}");
    }
    assert_eq!(bundle.runtime(&["exec", "-u", "1:2", "box", "id"]), "uid=1 gid=2\n");
    for cap in ["net_admin", "chown"] {
        let said = bundle.runtime(&["exec", "--cap", cap, "box", "grep", "CapInh", "/proc/self/status"]);
        assert_eq!(said, "CapInh:\t0000000000000000\n", "{cap}");
    }
    assert_eq!(bundle.runtime(&["delete", "--force", "box"]), "");
}

/// Another group's files by `..` in a name, a cgroup outside by a path (CVE-2022-0811 by a setting's name), and who is
/// nobody, which the kernel reads as "as before", that is root.
#[test]
fn what_leads_elsewhere_is_refused() {
    let mut said = String::new();
    for (pointer, value) in [
        ("/linux/cgroupsPath", json!("/a/../../b")),
        ("/linux/cgroupsPath", json!("..")),
        ("/linux/cgroupsPath", json!("../x")),
        ("/linux/cgroupsPath", json!("/a/..")),
        ("/linux/resources", json!({ "unified": { "../cgroup.procs": "0" } })),
        ("/linux/resources", json!({ "unified": { "a/../../memory.max": "0" } })),
        ("/linux/resources", json!({ "unified": { "/memory.max": "0" } })),
        ("/linux/resources", json!({ "hugepageLimits": [{ "pageSize": "../../x", "limit": 1 }] })),
        ("/linux/sysctl", json!({ "kernel.core_pattern": "|/x" })),
        ("/linux/sysctl", json!({ "net.ipv4.ip_forward": "1\nkernel.core_pattern=|/x" })),
        ("/linux/sysctl", json!({ "net.ipv4.ip_forward=1+kernel.core_pattern": "|/x" })),
        ("/linux/sysctl", json!({ "net/../kernel/core_pattern": "|/x" })),
        ("/process/user", json!({ "uid": 4_294_967_295_u32, "gid": 0 })),
        ("/process/user", json!({ "uid": 0, "gid": 4_294_967_295_u32 })),
        ("/process/user", json!({ "uid": 1, "gid": 1, "additionalGids": [4_294_967_295_u32] })),
    ] {
        let answer = Bundle::new().shell("id").with(pointer, Value::clone(&value)).run();
        assert!(answer.contains("Error: ") && !answer.contains("uid="), "{pointer} {value}: {answer}");
        said += &format!("{pointer} {value}\n    {answer}");
    }
    for (kind, sysctl) in [("ipc", "kernel.shmmax"), ("network", "net.ipv4.ip_forward"), ("uts", "kernel.domainname")] {
        let bundle = Bundle::new().shell("id").without_namespace(kind).with("/linux/sysctl", json!({ sysctl: "1" }));
        let bundle = if kind == "uts" { bundle.with("/hostname", Value::Null) } else { bundle };
        said += &format!("{sysctl} without {kind}\n    {}", bundle.run());
    }
    settings().bind(|| assert_snapshot!("elsewhere", said));
}
