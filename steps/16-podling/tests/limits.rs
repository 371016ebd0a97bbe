//! Limits of whole containers, in the lab, and what they try against them.

mod common;

use common::Podling;
use support::image::BUSYBOX;
use support::lab::{Lab, Who};
use support::{World, busybox_archive, literal, settings};

/// A user's podling with busybox, and a function that tells of a cgroup from outside.
fn begin() -> String {
    let archive = Lab::shared().put(&busybox_archive(&World::new()));
    format!(
        r#"
        export PATH=/podling/target/debug:$PATH box={BUSYBOX}
        podling load -qi {archive} >/dev/null
        cgroup() {{ podling inspect --format '{{{{.State.CgroupPath}}}}' $1; }}
        "#
    )
}

fn tester(script: &str) -> String {
    Lab::shared().ok(Who::Tester, &format!("{}{script}", begin()))
}

fn snapshot(name: &str, text: &str) {
    let mut settings = literal();
    settings.add_filter("[0-9a-f]{64}", "ID");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_life_within_limits() {
    let text = tester(
        r#"
        podling run -d --name limited --memory 64m --cpus 0.5 --pids-limit 20 --oom-score-adj 100 \
            --device-read-bps /dev/ubda:1mb --cgroup-conf memory.high=48m $box sleep 4730 >/dev/null
        dir=$(cgroup limited)
        cd $dir
        grep . memory.max memory.high cpu.max pids.max io.max
        cat /proc/$(cat cgroup.procs)/oom_score_adj
        podling pause limited >/dev/null
        podling ps --filter name=limited --format '{{.Names}} {{.State}}'
        grep frozen cgroup.events
        podling unpause limited >/dev/null
        grep frozen cgroup.events
        podling exec limited cat /proc/self/cgroup
        podling inspect --format '{{.HostConfig.Memory}} {{.HostConfig.OomScoreAdj}} {{.HostConfig.CgroupMode}} {{.HostConfig.BlkioDeviceReadBps}}' limited
        # A frozen one can be removed.
        podling pause limited >/dev/null
        cd
        podling rm -f -t 0 limited >/dev/null
        test -d $dir || echo gone
        podling run --name eats --memory 32m $box dd if=/dev/zero of=/dev/null bs=200M count=1 || echo "exit $?"
        podling inspect --format '{{.State.OOMKilled}}' eats
        podling rm eats >/dev/null
        podling run --rm --cgroup-parent mine.slice --cgroupns host $box cat /proc/self/cgroup
        for wrong in '--memory-swappiness 5' '--memory 32m --cgroup-conf memory.oops=1' '--blkio-weight 2000' '--cpu-rt-runtime 5'; do
            podling run --rm $wrong $box true 2>&1 || echo "exit $?"
        done
        "#,
    );
    snapshot("life", &text);
}

/// Killed at once, with its scope, its chosen parent or its place in the tree: the next command finds nothing of it.
#[test]
fn nothing_of_the_dead_is_left() {
    let text = tester(
        r#"
        dies() {
            podling run -d --name dies "$@" $box sleep 4731 >/dev/null
            dir=$(cgroup dies)
            monitor=$(podling inspect --format '{{.State.ConmonPid}}' dies)
            kill -KILL $monitor
            # The signal is only on its way: until the process has ended, the container has its keeper.
            for _ in $(seq 200); do test -e /proc/$monitor || break; sleep 0.02; done
            podling ps -q
            for _ in $(seq 200); do test -d $dir || break; sleep 0.05; done
            test -d $dir && echo "left $dir"
            podling rm -f dies >/dev/null
        }
        own=/user.slice/user-1000.slice/user@1000.service
        dies --memory 64m
        dies --memory 64m --cgroup-parent left.slice
        # From where no scope is needed.
        systemd-run --user --quiet --pipe --wait -E PATH="$PATH" -E box=$box bash -c "
            $(declare -f dies cgroup)
            dies --memory 64m
            dies --memory 64m --cgroup-parent $own/left
            ls -d /sys/fs/cgroup$own/{podling,left}/podling-* 2>/dev/null || true"
        systemctl --user list-units --no-legend 'podling-*.scope'
        "#,
    );
    assert_eq!(text, "");
}

/// CVE-2023-25809: all of the host's cgroups can be seen, and none be changed, also not by mounting them anew.
#[test]
fn the_hosts_cgroups_are_not_the_containers() {
    let text = tester(
        r#"
        podling run --rm --cgroupns host $box sh -c '
            cd /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service
            ls -d app.slice
            mkdir escape
            echo 1 >cgroup.kill
            mount -o remount,rw,bind /sys/fs/cgroup
            mkdir /tmp/own && mount -t cgroup2 none /tmp/own
            umount -l /sys/fs/cgroup' 2>&1 || echo "exit $?"
        "#,
    );
    snapshot("hosts", &text);
}

/// CVE-2023-6476: what a container says of itself does not choose its limits.
#[test]
fn annotations_and_labels_are_no_limits() {
    let text = tester(
        r#"
        podling run -d --name says --memory 64m --annotation memory.max=max --annotation run.oci.systemd.subgroup=.. \
            --annotation org.systemd.property.MemoryMax=infinity --annotation io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw=true \
            --annotation io.crun.memory.max=max --label io.podman.annotations.cgroup-parent=/ $box sleep 4732 >/dev/null
        dir=$(cgroup says)
        cat $dir/memory.max
        echo ${dir%podling-*}
        podling exec says sh -c 'echo max >/sys/fs/cgroup/memory.max' 2>&1 || true
        podling rm -f -t 0 says >/dev/null
        "#,
    );
    snapshot("annotations", &text);
}

/// CVE-2022-0492: a new user namespace would be root over a mount of cgroup v1, whose release agent the host runs.
#[test]
fn no_cgroups_can_be_mounted_in_a_container() {
    let podling = Podling::new();
    let attack = "mkdir /tmp/m
        for kind in 'cgroup -o memory' 'cgroup -o rdma' cgroup2; do mount -t $kind none /tmp/m && echo mounted; done
        unshare -r -m sh -c 'mount -t cgroup -o memory none /tmp/m && echo mounted'
        unshare -m true && echo unshared
        ls /tmp/m";
    let text = podling.run(&["--network", "none"], &["sh", "-c", attack]);
    settings().bind(|| insta::assert_snapshot!("mounted", text));
    podling.assert_clean();
}
