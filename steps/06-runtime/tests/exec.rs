//! `exec`: another process in a container that runs.

mod bundle;

use bundle::Bundle;
use insta::assert_snapshot;
use serde_json::json;
use support::observe::{NAMESPACES, await_end, cmdline, namespace, status};
use support::pty::Terminal;
use support::settings;

fn running() -> Bundle {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.create("box");
    assert_eq!(bundle.runtime(&["start", "box"]), "");
    bundle
}

#[test]
fn it_is_in_the_container() {
    let bundle = running();
    let mut told = String::new();
    for words in [
        &[
            "exec",
            "box",
            "sh",
            "-c",
            "id; hostname; pwd; env | sort; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; touch /file; wc -c </proc/interrupts",
        ][..],
        &[
            "exec",
            "-u",
            "5:6",
            "-g",
            "7",
            "-e",
            "TERM=dumb",
            "-e",
            "A=b",
            "--cwd",
            "/tmp",
            "box",
            "sh",
            "-c",
            "id; pwd; env | sort; grep CapEff /proc/self/status",
        ],
        &[
            "exec",
            "--cap",
            "net_admin",
            "--no-new-privs",
            "box",
            "grep",
            "-E",
            "CapEff|NoNewPrivs",
            "/proc/self/status",
        ],
        &["exec", "box", "sh", "-c", "exit 42"],
        &["exec", "box", "nothing"],
        &["exec", "box", "/etc/passwd"],
        &["exec", "--cwd", "/nowhere", "box", "true"],
        &["exec", "--cap", "everything", "box", "true"],
        &["exec", "--user", "root", "box", "true"],
        &["exec", "box"],
        &["exec", "-t", "-d", "box", "true"],
        &["exec", "nobox", "true"],
    ] {
        told += &format!("$ runtime {}\n{}", words.join(" "), bundle.runtime(words));
    }
    settings().bind(|| assert_snapshot!("exec", told));
}

#[test]
fn one_that_is_left_alone() {
    let bundle = running();
    let process =
        json!({ "args": ["sleep", "1001"], "cwd": "/", "env": ["PATH=/bin"], "user": { "uid": 3, "gid": 4 } });
    bundle.world.write("bundle/process.json", process.to_string());
    assert_eq!(bundle.runtime(&["exec", "--process", "process.json", "--detach", "--pid-file", "pid", "box"]), "");
    let pid: u32 = std::fs::read_to_string(bundle.dir().join("pid")).unwrap().parse().unwrap();
    assert_eq!(cmdline(pid), ["sleep", "1001"]);
    let init = u32::try_from(bundle.state("box")["pid"].as_u64().unwrap()).unwrap();
    for kind in NAMESPACES {
        assert_eq!(namespace(pid, kind), namespace(init, kind), "{kind}");
    }
    // No block of capabilities: none.
    assert_eq!(status(pid)["CapBnd"], "0000000000000000");
    let listed = bundle.runtime(&["ps", "--format", "json", "box"]);
    let listed: Vec<u32> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed, [init, pid]);
    assert_eq!(bundle.runtime(&["kill", "--all", "box", "KILL"]), "");
    await_end(pid);
    await_end(init);
}

#[test]
fn it_has_a_terminal() {
    let bundle = running();
    let words = ["exec", "-t", "box", "sh", "-c", "tty; read line; echo got $line; exit 3"];
    let mut terminal = Terminal::spawn(&bundle.world, "runtime", &words);
    terminal.expect("/dev/pts/");
    terminal.send("word\r");
    terminal.expect("got word");
    assert_eq!(terminal.wait().code(), Some(3));
}
