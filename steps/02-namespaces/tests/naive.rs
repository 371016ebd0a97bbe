//! What root in a user namespace by hand cannot do and should not see, each beside ours.

use insta::assert_snapshot;
use support::{World, observe, settings};

/// What to try, and how; `$1` is a process outside, `$2` the network outside.
const TRIES: [(&str, &str); 7] = [
    ("who am I?", "id -un"),
    ("a file of another user", "touch file && chown 7 file && echo done"),
    ("leave a group", "cat /proc/self/setgroups"),
    ("a host name", "hostname box 2>/dev/null && uname -n || echo no"),
    ("a network of its own", "test $2 = $(readlink /proc/self/ns/net) && echo no || echo yes"),
    ("its own process id", "test $$ = 1 && echo 1 || echo one of many"),
    ("a process outside", "kill -0 $1 2>/dev/null && echo 'it can be killed' || echo 'there is none'"),
];

fn tried(runner: &[&str]) -> String {
    let all = TRIES.map(|(what, script)| {
        let world = World::new();
        // A process of the same user, as the caller's shell is.
        let mut outside = world.process("sleep").arg("4259").spawn().unwrap();
        let mut command = world.command(runner[0]);
        let network = observe::namespace(std::process::id(), "net");
        let command = command.args(&runner[1..]).args(["sh", "-c", script, "sh", &outside.id().to_string(), &network]);
        let output = command.output().unwrap();
        outside.kill().unwrap();
        outside.wait().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let complaint = text(output.stderr);
        // What the kernel answered; the rest is of one or another chown.
        let answer = complaint.trim().rsplit(": ").next().unwrap_or_default();
        format!("{what}\n    {}\n", [text(output.stdout).trim(), answer].concat())
    });
    all.concat()
}

#[test]
fn by_hand_and_by_us() {
    settings().bind(|| {
        assert_snapshot!("naive", tried(&["namespaces-naive"]));
        assert_snapshot!("ours", tried(&["namespaces", "run"]));
    });
}
