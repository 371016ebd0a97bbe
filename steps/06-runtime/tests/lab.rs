//! Limits of a document, and what needs a cgroup: where there is cgroup v2.

use support::lab::{Lab, Who};
use support::settings;

/// Makes a container with limits, whose cgroup is at `path`; looks at it, and deletes it.
fn life(who: Who, path: &str, flags: &str, start: &str) -> String {
    let script = format!(
        r#"
        directory=$(mktemp -d) && cd "$directory" && trap 'cd; rm -rf "$directory"' EXIT
        chmod 755 . && mkdir -p rootfs/{{bin,dev,sys,proc}} && cp /bin/busybox rootfs/bin/
        for name in sh cat sleep; do ln -s busybox rootfs/bin/$name; done
        id=${{directory##*.}}
        /podling/target/debug/runtime spec
        jq '.process.args = ["sh", "-c", "cat /proc/self/cgroup /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; exec sleep 100"]
            | .linux.resources = {{ memory: {{ limit: 64000000 }}, pids: {{ limit: 50 }} }}
            | .linux.cgroupsPath = "{path}" | .mounts += [{{ destination: "/sys/fs/cgroup", type: "cgroup", options: ["ro"] }}]
            ' config.json >changed && mv changed config.json
        cat >look <<'END'
        runtime() {{ /podling/target/debug/runtime --root "$PWD/state" "$@"; }}
        runtime {flags} create $1 </dev/null >log 2>&1; cat log
        cut -d: -f3 /proc/$(runtime state $1 | jq .pid)/cgroup
        runtime start $1; until test -s log; do sleep 0.05; done; sleep 0.1; cat log
        runtime pause $1; runtime state $1 | jq -r .status; runtime exec $1 cat 2>&1
        runtime resume $1; runtime state $1 | jq -r .status
        runtime exec $1 cat /proc/self/cgroup; runtime exec -d $1 sleep 99; runtime ps $1 | wc -l
        cgroup=$(jq -r .cgroup state/$1/state.json)
        runtime delete --force $1; test -e $cgroup || echo removed
        END
        {start} bash look $id 2>&1 | sed "s/$id/ID/g"
        "#
    )
    .replace("\n        ", "\n");
    Lab::shared().ok(who, &script)
}

#[test]
fn by_a_path_from_the_root() {
    settings().bind(|| insta::assert_snapshot!("lab_path", life(Who::Root, "/runtime-test/box-1", "", "")));
}

#[test]
fn by_the_units_of_the_users_systemd() {
    settings().bind(|| {
        insta::assert_snapshot!("lab_unit", life(Who::Tester, "user.slice:runtime-test:box-2", "--systemd-cgroup", ""))
    });
}

/// Within what the user's systemd has started, nobody has to be asked.
#[test]
fn by_no_name() {
    let start = "systemd-run --user --quiet --pipe --wait --collect --working-directory=\"$PWD\"";
    settings().bind(|| insta::assert_snapshot!("lab_tree", life(Who::Tester, "", "", start)));
}

/// Root of the system makes devices, with the rights that the document gives them, and the kernel asks the cgroup's rules.
#[test]
fn devices_that_root_makes() {
    let script = r#"
        directory=$(mktemp -d) && cd "$directory" && trap 'cd; rm -rf "$directory"' EXIT
        mkdir -p rootfs/{bin,dev,sys,proc} && cp /bin/busybox rootfs/bin/
        for name in sh ls cat head cut wc; do ln -s busybox rootfs/bin/$name; done
        /podling/target/debug/runtime spec
        jq '.process.args = ["sh", "-c", "ls -l /dev/mine /dev/other | cut -c1-40; head -c 3 /dev/mine | wc -c; cat /dev/other"]
            | .linux.devices = [{ path: "/dev/mine", type: "c", major: 1, minor: 5, fileMode: 416, uid: 7, gid: 8 },
                                { path: "/dev/other", type: "c", major: 1, minor: 11 }]
            | .linux.resources.devices = [{ allow: false, access: "rwm" }, { allow: true, type: "c", major: 1, minor: 5, access: "r" }]
            ' config.json >changed && mv changed config.json
        /podling/target/debug/runtime --root "$PWD/state" run devices-$$ 2>&1 || echo "[exit $?]""#;
    settings().bind(|| insta::assert_snapshot!("lab_devices", Lab::shared().ok(Who::Root, script)));
}

/// The container's ids are none of root's own: where its state is kept is closed to them.
#[test]
fn ids_that_root_gives() {
    let script = r#"
        directory=$(mktemp -d) && cd "$directory" && trap 'cd; rm -rf "$directory"' EXIT
        chmod 711 . && mkdir -p rootfs/{bin,dev,sys,proc} && cp /bin/busybox rootfs/bin/
        for name in sh cat id; do ln -s busybox rootfs/bin/$name; done
        /podling/target/debug/runtime spec
        jq '.process.args = ["sh", "-c", "id; cat /proc/self/uid_map"] | .linux.namespaces += [{ type: "user" }]
            | .linux.uidMappings = [{ containerID: 0, hostID: 200000, size: 1000 }] | .linux.gidMappings = .linux.uidMappings
            ' config.json >changed && mv changed config.json
        /podling/target/debug/runtime --root "$PWD/state" run ids-$$ 2>&1 || echo "[exit $?]""#;
    let said = Lab::shared().ok(Who::Root, script);
    assert_eq!(said.split_whitespace().collect::<Vec<_>>().join(" "), "uid=0 gid=0 0 200000 1000");
}

/// Limits of a container that runs, what it uses, and a process in a cgroup below its own.
#[test]
fn limits_that_change() {
    let script = r#"
        directory=$(mktemp -d) && cd "$directory" && trap 'cd /; rm -rf "$directory"' EXIT
        mkdir -p rootfs/{bin,dev,sys,proc} && cp /bin/busybox rootfs/bin/
        for name in sh cat sleep; do ln -s busybox rootfs/bin/$name; done
        runtime() { /podling/target/debug/runtime --root "$PWD/state" "$@"; }
        runtime spec
        jq '.process.args = ["sleep", "100"] | .linux.cgroupsPath = "/runtime-update-test"
            | .linux.resources = { memory: { limit: 64000000 }, cpu: { quota: 50000, period: 100000 } }' config.json >changed && mv changed config.json
        id=update-$$; cgroup=/sys/fs/cgroup/runtime-update-test
        look() { for file in memory.max cpu.max cpu.weight pids.max; do printf '%s ' "$(cat $cgroup/$file)"; done; echo; }
        runtime create $id </dev/null >log 2>&1; cat log; runtime start $id; look
        runtime update --memory 32M --cpu-period 200000 --pids-limit 7 $id; look
        runtime update --memory -1 --cpu-quota -1 --pids-limit -1 $id; look
        echo '{ "memory": { "limit": 20480000 }, "cpu": { "shares": 2048 }, "pids": { "limit": 9 } }' | runtime update -r - $id; look
        runtime update --memory 4M --memory-swap 1M $id || echo "[exit $?]"
        # Time is counted in whole ticks there.
        runtime exec $id sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done'
        runtime events --stats $id | jq -c '.type, .data.pids, .data.memory.usage.limit, (.data.memory.usage.usage > 0), (.data.cpu.usage.total > 0)'
        runtime events --interval 100ms $id | head -n 2 | jq -r .type
        mkdir $cgroup/below; runtime exec --cgroup below $id cat /proc/self/cgroup
        runtime exec --cgroup ../.. $id true || echo "[exit $?]"
        runtime exec --cgroup nowhere $id true || echo "[exit $?]"
        (runtime events --interval 1h $id >watched; echo ended >>watched) & watcher=$!
        sleep 0.5; runtime update --memory 16M $id
        runtime exec $id sh -c 'x=0123456789; while :; do x=$x$x; done' || echo "[exit $?]"
        runtime delete --force $id; wait $watcher; jq -r '.type? // .' watched 2>/dev/null | sort -u; tail -n 1 watched"#;
    settings().bind(|| insta::assert_snapshot!("lab_update", Lab::shared().ok(Who::Root, script)));
}

/// Other owners than on the disk, and a network device, are root's to give.
#[test]
fn owners_and_devices_that_root_gives() {
    let script = r#"
        directory=$(mktemp -d) && cd "$directory" && trap 'cd /; rm -rf "$directory"; ip link del given-0 2>/dev/null || true' EXIT
        chmod 711 . && mkdir -p rootfs/{bin,dev,sys,proc,mnt} source && cp /bin/busybox rootfs/bin/
        for name in sh ls touch ip cut grep tail; do ln -s busybox rootfs/bin/$name; done
        touch source/file && chown 5:6 source/file && chmod 777 source
        runtime() { /podling/target/debug/runtime --root "$PWD/state" run "$@" 2>&1 || echo "[exit $?]"; }
        /podling/target/debug/runtime spec; mv config.json plain.json
        map() { echo "[{ containerID: 0, hostID: $1, size: 100 }]"; }
        owners() { echo "ls -n /mnt | tail -n 1 | cut -c 1-40"; }
        mount="destination: \"/mnt\", type: \"bind\", source: \"$PWD/source\""
        jq ".process.args = [\"sh\", \"-c\", \"$(owners)\"] | .mounts += [{ $mount, options: [\"bind\", \"idmap\"],
            uidMappings: $(map 1000), gidMappings: $(map 2000) }]" plain.json >config.json; runtime owners-$$
        jq ".process.args = [\"sh\", \"-c\", \"touch /mnt/own; $(owners)\"] | .linux.namespaces += [{ type: \"user\" }]
            | .linux.uidMappings = $(map 300000) | .linux.gidMappings = $(map 300000)
            | .mounts += [{ $mount, options: [\"rbind\", \"ridmap\"] }]" plain.json >config.json; runtime owners-$$
        ls -n source | cut -c 1-15
        ip link add given-0 mtu 1400 type veth peer name given-1; ip addr add 10.98.76.5/24 dev given-0
        jq '.process.args = ["sh", "-c", "ip addr show net0 | grep -o \"mtu 1400\\|[<,]UP\\|inet 10.*\""] | .linux.netDevices = { "given-0": { name: "net0" } }' \
            plain.json >config.json; runtime device-$$
        runtime device-$$"#;
    settings().bind(|| insta::assert_snapshot!("lab_given", Lab::shared().ok(Who::Root, script)));
}
