//! `runtime run`: the container of a bundle, from inside and from outside.

mod bundle;

use std::fs;

use bundle::Bundle;
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::observe::{await_end, gid_map, kill, own_namespaces, processes_of, status, uid_map};
use support::pty::Terminal;
use support::{settings, user};

const NONE: &str = "0000000000000000";
const DEFAULT: &str = "00000000800405fb";

#[test]
fn what_the_program_sees() {
    let script =
        "id; hostname; pwd; echo $$; umask; env | sort; grep -vE ' /(proc/.*|sys/.*)? ' /proc/mounts | cut -d' ' -f2,3;
        grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; touch /file; touch /proc/sys/kernel/domainname;
        wc -c < /proc/interrupts; ls -A /sys/firmware";
    settings().bind(|| assert_snapshot!("inside", Bundle::new().shell(script).run()));
}

#[test]
fn the_document_says_who_and_where() {
    let bundle = Bundle::new()
        .shell("id; umask; pwd; cat $FILE; touch /written && echo written")
        .with("/process/user", json!({ "uid": 2000, "gid": 3000, "additionalGids": [5, 6], "umask": 7 }))
        .with("/process/cwd", json!("/tmp"))
        .with("/process/env", json!(["PATH=/bin", "FILE=/etc/hostname"]))
        .with("/root/readonly", json!(false));
    let text = bundle.run();
    assert_eq!(
        text,
        "uid=2000 gid=3000 groups=5,6\n0007\n/tmp\nbusybox\ntouch: /written: Permission denied\n[exit 1]\n"
    );
    assert_eq!(Bundle::new().shell("touch /w && echo ok").with("/root/readonly", Value::Null).run(), "ok\n");
    let elsewhere = bundle.world.dir("elsewhere");
    let bind = json!([{ "destination": "/mnt/x", "type": "bind", "source": elsewhere, "options": ["bind", "ro"] }]);
    let bound = Bundle::new().with("/mounts", bind).shell("touch /mnt/x/file");
    assert_eq!(bound.run(), "touch: /mnt/x/file: Read-only file system\n[exit 1]\n");
}

#[test]
fn exit_codes() {
    assert_eq!(Bundle::new().args(&["false"]).run(), "[exit 1]\n");
    assert_eq!(Bundle::new().shell("exit 42").run(), "[exit 42]\n");
    assert_eq!(Bundle::new().shell("sh -c 'kill -TERM $$'; exit $?").run(), "Terminated\n[exit 143]\n");
    let all = [&["nothing"][..], &["/etc/passwd"], &["/bin"]].map(|args| Bundle::new().args(args).run()).concat();
    settings().bind(|| assert_snapshot!("not_a_program", all));
}

#[test]
fn it_has_a_terminal() {
    let script = "tty; test -t 0 && test -t 1 && test -t 2 && echo three; stty size; ls -n $(tty) | cut -c1-10; \
                  read line; echo got $line; exit 3";
    let bundle = Bundle::new().shell(script).with("/process/terminal", json!(true));
    bundle.write();
    let dir = bundle.dir().to_str().unwrap().to_owned();
    let mut terminal = Terminal::spawn(&bundle.world, "runtime", &["run", "--bundle", &dir, "box"]);
    terminal.expect("crw");
    terminal.send("word\r");
    terminal.expect("got word");
    assert_eq!(terminal.wait().code(), Some(3));
    let screen = terminal.screen();
    assert!(
        screen.starts_with("/dev/console\nthree\n24 80\n") || screen.starts_with("/dev/pts/0\nthree\n24 80\n"),
        "{screen}"
    );
}

#[test]
fn a_terminal_of_another_user() {
    let bundle = Bundle::new()
        .shell("echo mine > /dev/tty && id -u")
        .with("/process/terminal", json!(true))
        .with("/process/user", json!({ "uid": 2000, "gid": 2000 }));
    bundle.write();
    let dir = bundle.dir().to_str().unwrap().to_owned();
    let mut terminal = Terminal::spawn(&bundle.world, "runtime", &["run", "--bundle", &dir, "box"]);
    terminal.expect("2000");
    assert_eq!(terminal.wait().code(), Some(0));
    assert_eq!(terminal.screen(), "mine\n2000\n");
}

#[test]
fn what_the_kernel_says_from_outside() {
    let sleeper = Bundle::new().sleep();
    let (me, sub, subgid) = (user(), user().subuid, user().subgid);
    let number = u64::from;
    let expected = |own, first, count| vec![[0, number(own), 1], [1, number(first), number(count)]];
    assert_eq!(uid_map(sleeper.pid), expected(me.uid, sub.0, sub.1));
    assert_eq!(gid_map(sleeper.pid), expected(me.gid, subgid.0, subgid.1));
    assert_eq!(own_namespaces(sleeper.pid), ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]);
    let status = status(sleeper.pid);
    let sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"];
    // No seccomp block, no filter; the engine writes one, a runtime adds nothing of its own.
    assert_eq!(sets.map(|name| status[name].as_str()), [NONE, DEFAULT, DEFAULT, DEFAULT, NONE, "1", "0"]);
    assert!(status["NSpid"].ends_with(" 1"), "{}", status["NSpid"]);
}

#[test]
fn only_the_namespaces_that_are_asked_for() {
    let sleeper =
        Bundle::new().without_namespace("network").without_namespace("ipc").with("/mounts", json!([])).sleep();
    assert_eq!(own_namespaces(sleeper.pid), ["cgroup", "mnt", "pid", "user", "uts"]);
}

/// Absent is none, and not all.
#[test]
fn without_capabilities_there_are_none() {
    for value in [Value::Null, json!({})] {
        let sleeper = Bundle::new().with("/process/capabilities", value).sleep();
        let status = status(sleeper.pid);
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(status[set], NONE, "{set}");
        }
    }
}

#[test]
fn capabilities_as_asked() {
    let set = json!(["CAP_CHOWN", "CAP_NET_RAW"]);
    let all =
        json!({ "bounding": set, "effective": ["CAP_CHOWN"], "permitted": set, "inheritable": set, "ambient": [] });
    let sleeper = Bundle::new().with("/process/capabilities", all).sleep();
    let status = status(sleeper.pid);
    let sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(|name| status[name].as_str());
    // exec gives root all that is bounding or inheritable, effective as well: capabilities(7).
    let both = "0000000000002001";
    assert_eq!(sets, [both, both, both, both, NONE]);
}

#[test]
fn limits_as_asked() {
    let limit = |kind, soft, hard| json!({ "type": kind, "soft": soft, "hard": hard });
    let limits = json!([limit("RLIMIT_NOFILE", 64, 128), limit("RLIMIT_CORE", 0, 0)]);
    let sleeper = Bundle::new().with("/process/rlimits", limits).sleep();
    let text = fs::read_to_string(format!("/proc/{}/limits", sleeper.pid)).unwrap();
    let line = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(line("Max open files"), ["64", "128"]);
    assert_eq!(line("Max core file size"), ["0", "0"]);
}

fn seccomp(rule: Value) -> Value {
    json!({ "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [rule] })
}

#[test]
fn system_calls_are_filtered_as_asked() {
    let names = json!(["mkdir", "mkdirat", "no_such_call"]);
    let filtered = |rule: Value| Bundle::new().with("/linux/seccomp", seccomp(rule));
    let script = "mkdir /tmp/a; mkdir /tmp/b; echo still here";
    let refuse = json!({ "names": names, "action": "SCMP_ACT_ERRNO" });
    let denied = "mkdir: can't create directory '/tmp/a': Operation not permitted\n\
                  mkdir: can't create directory '/tmp/b': Operation not permitted\n";
    assert_eq!(filtered(refuse.clone()).shell(script).run(), format!("still here\n{denied}"));
    let other = json!({ "names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": 28 });
    assert!(filtered(other).shell(script).run().contains("No space left on device"));
    for action in ["SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL"] {
        let kill = json!({ "names": names, "action": action });
        assert_eq!(filtered(kill).shell("mkdir /tmp/a; echo $?").run(), "159\nBad system call\n", "{action}");
    }
    // Only with a second argument of 0777 & ~umask.
    let some = json!({ "names": names, "action": "SCMP_ACT_ERRNO",
        "args": [{ "index": 1, "value": 0o700, "valueTwo": 0, "op": "SCMP_CMP_EQ" }] });
    let chosen =
        filtered(some).shell("mkdir -m 700 /tmp/a; mkdir /tmp/b && echo b").with("/root/readonly", json!(false));
    assert_eq!(chosen.run().lines().last(), Some("b"));
    let status = status(filtered(refuse).sleep().pid);
    assert_eq!((status["Seccomp"].as_str(), status["Seccomp_filters"].as_str()), ("2", "1"));
}

#[test]
fn signals_reach_the_program_and_nothing_is_left() {
    let mut sleeper = Bundle::new().sleep();
    // The first process of a pid namespace ignores what it has no handler for, but for SIGKILL from outside.
    kill(sleeper.pid, 9);
    assert_eq!(sleeper.child.wait().unwrap().code(), Some(137));
    await_end(sleeper.pid);
    assert_eq!(processes_of(sleeper.bundle.world.root()), Vec::<u32>::new());

    let bundle = Bundle::new().shell("trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done");
    bundle.write();
    let mut command = bundle.world.process("runtime");
    command.args(["run", "--bundle"]).arg(bundle.dir()).arg("box").stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    kill(child.id(), 15);
    assert_eq!(lines.next().unwrap().unwrap(), "bye");
    assert_eq!(child.wait().unwrap().code(), Some(5));
}
