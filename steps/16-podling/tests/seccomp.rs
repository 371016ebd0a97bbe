//! System calls by a profile of one's own, and profiles that cannot be had.

mod common;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use common::Podling;
use support::image::BUSYBOX;
use support::settings;

/// Everything but what makes directories.
const NO_MKDIR: &str = r#"{
    "defaultAction": "SCMP_ACT_ALLOW",
    "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
                {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
    "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errno": "EEXIST"},
                 {"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
                  "includes": {"caps": ["CAP_SYS_ADMIN"]}}]
}"#;

#[test]
fn a_profile_of_ones_own() {
    let podling = Podling::new();
    let profile = podling.world.write("profile.json", NO_MKDIR);
    let option = format!("--security-opt=seccomp={}", profile.display());
    let script = "mkdir /a; chmod 700 /bin && echo changed";
    let mut shown = podling.run(&["--network=none", &option], &["sh", "-c", script]);
    // With the capability another rule counts.
    shown += &podling.run(&["--network=none", "--cap-add=SYS_ADMIN", &option], &["sh", "-c", script]);
    // The path is the caller's, wherever that is.
    let mut command = podling.world.command("podling");
    command.current_dir(podling.world.root()).args([
        "run",
        "--rm",
        "--network=none",
        "--security-opt=seccomp=profile.json",
    ]);
    let output = command.args([BUSYBOX, "mkdir", "/a"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    for (name, text) in [("broken.json", "{"), ("notify.json", r#"{"defaultAction": "SCMP_ACT_NOTIFY"}"#)] {
        let option = format!("--security-opt=seccomp={}", podling.world.write(name, text).display());
        shown += &podling.run(&["--network=none", &option], &["true"]);
    }
    shown += &podling.run(&["--security-opt=seccomp=/no/such/file"], &["true"]);
    shown += &podling.run(&["--security-opt=apparmor=mine"], &["true"]);
    settings().bind(|| insta::assert_snapshot!("seccomp", shown));
    assert_eq!(podling.out(&["--network=none", "--security-opt=apparmor=unconfined"], &["echo", "fine"]), "fine\n");
    podling.assert_clean();
}

/// `--privileged` takes walls away, but not those that are asked for beside it.
#[test]
fn what_is_asked_for_beside_privileged_stays() {
    let podling = Podling::new();
    let profile = podling.world.write("profile.json", NO_MKDIR);
    let option = format!("--security-opt=seccomp={}", profile.display());
    let flags = ["--privileged", "--network=none", &option, "--security-opt=mask=/proc/uptime"];
    let script = "mkdir /a 2>/dev/null && echo made; cat /proc/uptime; grep Seccomp: /proc/self/status";
    assert_eq!(podling.out(&flags, &["sh", "-c", script]), "Seccomp:\t2\n");
    assert_eq!(podling.out(&flags[..2], &["sh", "-c", "mkdir /a && grep Seccomp: /proc/self/status"]), "Seccomp:\t0\n");
}

/// As Podman hands a profile's `listenerPath` to its runtime.
#[test]
fn an_agent_answers_for_a_container() {
    let podling = Podling::new();
    let socket = podling.world.run().join("agent");
    let mut command = podling.world.process("confinement-agent");
    let mut agent = command.arg(&socket).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(agent.stdout.take().unwrap()).lines();
    let mut said = || lines.next().unwrap().unwrap();
    assert_eq!(said(), "ready");
    let profile = format!(
        r#"{{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": {socket:?}, "listenerMetadata": "mine",
            "syscalls": [{{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}}]}}"#
    );
    let option = format!("--security-opt=seccomp={}", podling.world.write("profile.json", profile).display());
    let run =
        ["run", "-d", "--network=none", "--name=asks", "--annotation=key=value", &option, BUSYBOX, "sleep", "1000"];
    let id = podling.shown(&run).lines().nth(1).unwrap().to_owned();
    let told = said();
    for part in [&format!(r#""id":"{id}""#), r#""metadata":"mine""#, r#""status":"creating""#, r#""key":"value""#] {
        assert!(told.contains(part), "{part} in {told}");
    }
    podling.shown(&["exec", "asks", "mkdir", "/tmp/theirs"]);
    assert!(said().contains(r#""status":"running""#));
    assert_eq!(said(), "mkdir /tmp/theirs: 0");
    assert!(podling.shown(&["exec", "asks", "ls", "/tmp"]).contains("theirs\n"));
    podling.shown(&["rm", "-f", "-t", "0", "asks"]);
    agent.kill().unwrap();
    agent.wait().unwrap();
    // Who is to be asked has to be there.
    std::fs::remove_file(&socket).unwrap();
    let refused = podling.run(&["--network=none", &option], &["true"]);
    assert!(refused.contains("connect to the seccomp agent") && refused.contains("[exit 125]"), "{refused}");
    podling.assert_clean();
}
