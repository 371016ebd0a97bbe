//! What is chosen beside limits of memory, processors and processes, in the lab: disks, devices, places, views, scores.

mod common;

use common::{root, settings_of_lab, tester};

/// Shows commands and what becomes of them.
const SHOW: &str = r#"
set +e
show() {
    printf '$ %s\n' "$1"
    bash -c "$1" 2>&1
    local status=$?
    ((status)) && echo "[exit $status]"
}
"#;

#[test]
fn disks() {
    let text = tester(&format!(
        "{SHOW}{}",
        r#"
        show 'cgroups run --rootfs box --device-read-bps /dev/ubda:1mb --device-write-iops /dev/ubda:50 cat /sys/fs/cgroup/io.max'
        show 'cgroups run --rootfs box --device-read-bps /dev/null:1mb true'
        show 'cgroups run --rootfs box --device-read-bps /dev/ubda:0 true'
        show 'cgroups run --rootfs box --blkio-weight 500 true'
        "#
    ));
    settings_of_lab().bind(|| insta::assert_snapshot!("disks", text));
}

/// Root of the system could make itself a file for any device; the kernel asks the container's rules when it is opened.
#[test]
fn devices() {
    let text = root(&format!(
        "{SHOW}{}",
        r#"
        echo '# ANCHOR: devices'
        show "cgroups run --rootfs box sh -c 'mknod /dev/disk b 98 0; cat /dev/disk'"
        show "cgroups run --rootfs box sh -c 'mknod /dev/log c 1 11; cat /dev/log; head -c 3 /dev/zero | wc -c'"
        show "cgroups run --rootfs box --device-cgroup-rule 'b 98:0 r' \\
            sh -c 'mknod /dev/disk b 98 0; head -c 3 /dev/disk | wc -c; echo no >/dev/disk'"
        echo '# ANCHOR_END: devices'
        "#
    ));
    let rootless = tester("cgroups run --rootfs box --device-cgroup-rule 'b 98:0 r' true 2>&1 || echo $?");
    settings_of_lab().bind(|| insta::assert_snapshot!("devices", [text, rootless].join("--\n")));
}

#[test]
fn places_and_views() {
    let own = "/user.slice/user-1000.slice/user@1000.service/mine";
    let session = tester(&format!(
        "{SHOW}
        show 'cgroups run --rootfs box --cgroup-parent mine-web.slice --cgroupns host cat /proc/self/cgroup'
        show 'cgroups run --rootfs box --cgroup-parent {own} true'
        show 'cgroups run --rootfs box --cgroup-parent /system.slice true'
        show 'cgroups run --rootfs box --cgroup-parent ../../.. true'
        show 'cgroups run --rootfs box --cgroups disabled --cgroup-parent a.slice true'
        user cgroups run --rootfs box --cgroup-parent {own} --cgroupns host cat /proc/self/cgroup
        true"
    ));
    let system = root("cgroups run --rootfs box --cgroup-parent mine.slice --cgroupns host cat /proc/self/cgroup");
    settings_of_lab().bind(|| insta::assert_snapshot!("places", [session, system].join("--\n")));
}

#[test]
fn who_is_ended_first() {
    let script =
        |score| format!("cgroups run --rootfs box --oom-score-adj {score} cat /proc/self/oom_score_adj 2>&1\n");
    let text = tester(&[500, -500].map(script).concat());
    assert_eq!(text, "500\nRequested oom_score_adj=-500 is lower than the current one, changing to 0\n0\n");
    assert_eq!(root(&script(-500)), "-500\n");
}

/// CVE-2023-25809: who sees all of the host's cgroups may still change none, above all not those of the user.
#[test]
fn all_cgroups_can_be_seen_and_none_changed() {
    let attack = r#"
        cgroups run --rootfs box --cgroupns host sh -c '
            cd /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service
            ls | head -n 1
            mkdir escape
            mkdir app.slice/escape
            echo 1 >cgroup.kill
            echo 0 >cgroup.procs' 2>&1 || echo $?
        # The same without the container: it is the user's.
        cd /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service
        mkdir escape && rmdir escape && echo can
    "#;
    settings_of_lab().bind(|| insta::assert_snapshot!("views", tester(attack)));
}

/// As the kernel sees it: the process is born in its cgroup, and where clone3(2) is not to be had, it is moved there.
#[test]
fn born_in_its_cgroup() {
    let text = root(
        r#"
        traced() {
            strace -o trace -e trace=clone3,clone,openat "$@" cgroups run --rootfs box --cgroupns host cat /proc/self/cgroup
            grep -oE '^clone3?\(|CLONE_INTO_CGROUP|openat\([0-9]+, "cgroup.procs"' trace
        }
        traced
        traced -e inject=clone3:error=ENOSYS
        "#,
    );
    settings_of_lab().bind(|| insta::assert_snapshot!("born", text));
}
