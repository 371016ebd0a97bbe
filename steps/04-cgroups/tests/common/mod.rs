//! What the tests in the lab begin with.
#![allow(dead_code, reason = "no test uses all of it")]

use support::lab::{Lab, Who};
use support::literal;

/// A directory with a root file system in it, and this workspace's programs.
pub const BEGIN: &str = r#"
export PATH=/podling/target/debug:$PATH
cd "$(mktemp -d)"
chmod 755 .
mkdir -p box/bin
cp "$(command -v busybox)" box/bin/
for name in sh cat dd head seq sleep true id su mkdir mknod ls wc; do ln -s busybox box/bin/$name; done
mkdir box/etc
printf '%s::0:0::/:/bin/sh\n' root >box/etc/passwd
printf '%s::1000:1000::/:/bin/sh\n' user >>box/etc/passwd
printf '%s::65534:65534::/:/bin/sh\n' nobody >>box/etc/passwd
"#;

/// Starts a container with the arguments given, and tells of its cgroup what can be seen from outside.
pub const LOOK: &str = r#"
cat >look <<'END'
cgroups run --rootfs box "$@" sleep 4711 &
outer=$!
until pid=$(pgrep -P $outer -x sleep); do sleep 0.05; kill -0 $outer || exit; done
path=$(cut -d : -f 3 /proc/$pid/cgroup)
echo "it     $path"
echo "we     $(cut -d : -f 3 /proc/$outer/cgroup)"
cd /sys/fs/cgroup$path
set +e
for file in memory.max memory.swap.max memory.low cpu.max cpu.weight pids.max; do
    # What is set; whether others are there depends on the containers beside it.
    value=$(cat $file 2>/dev/null)
    case "$file $value" in
    *' ' | *max | 'memory.low 0' | 'cpu.weight 100' | 'cpu.max max 100000') ;;
    *) printf '       %s %s\n' $file "$value" ;;
    esac
done
kill -KILL $pid
wait $outer
echo "exit   $?"
cd /
test -d /sys/fs/cgroup$path && echo "left   $path"
true
END
look() { bash look "$@" 2>&1; }
user() { systemd-run --user --quiet --pipe --wait --collect -E PATH="$PATH" --working-directory="$PWD" "$@" 2>&1; }
"#;

/// What differs from one life of a container to the next.
pub fn settings_of_lab() -> insta::Settings {
    let mut settings = literal();
    for (pattern, with) in [
        (r"podling-\d+", "podling-ID"),
        (r"session-c?\d+", "session-N"),
        (r"run-[0-9a-z-]+\.(service|scope)", "run-N.$1"),
    ] {
        settings.add_filter(pattern, with);
    }
    settings
}

/// As the user.
pub fn tester(script: &str) -> String {
    Lab::shared().ok(Who::Tester, &format!("{BEGIN}{LOOK}{script}"))
}

/// As root.
pub fn root(script: &str) -> String {
    Lab::shared().ok(Who::Root, &format!("{BEGIN}{LOOK}{script}"))
}
