//! Calls that somebody else answers for: the runtime sends the agent what the kernel asks on.

mod bundle;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Stdio};

use bundle::Bundle;
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::settings;

const SCRIPT: &str = "mkdir /tmp/theirs; mkdir /tmp/own; mkdir /tmp/else; ls /tmp";

/// A bundle whose rules ask an agent, and the agent.
struct Asking {
    bundle: Bundle,
    agent: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Asking {
    fn new(bundle: Bundle) -> Asking {
        let mut command = bundle.world.process("confinement-agent");
        let mut agent = command.arg(socket(&bundle)).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(agent.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        let profile = profile(&bundle, &["mkdir", "mkdirat"]);
        Asking { bundle: bundle.with("/linux/seccomp", profile).with("/root/readonly", json!(false)), agent, lines }
    }

    fn said(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// What it is told of a process: its number, and the rest.
    fn told(&mut self) -> (u64, Value) {
        let mut told: Value = serde_json::from_str(&self.said()).unwrap();
        let pid = told["pid"].as_u64().unwrap();
        assert_eq!((&told["state"]["pid"], &told["state"]["bundle"]), (&json!(pid), &json!(self.bundle.dir())));
        // Another one at each run.
        told["pid"] = json!(4422);
        told["state"]["pid"] = json!(4422);
        told["state"]["bundle"] = json!("/bundle");
        (pid, told)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

fn socket(bundle: &Bundle) -> PathBuf {
    bundle.world.run().join("agent")
}

fn profile(bundle: &Bundle, names: &[&str]) -> Value {
    json!({
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
        "listenerPath": socket(bundle),
        "listenerMetadata": "for the agent",
        "syscalls": [{ "names": names, "action": "SCMP_ACT_NOTIFY" }],
    })
}

/// With the filter loaded last, and where that needs rights, before they are given away.
#[test]
fn an_agent_answers() {
    for last in [true, false] {
        let bundle = Bundle::new().shell(SCRIPT).with("/annotations", json!({ "key": "value" }));
        let mut asking = Asking::new(bundle.with("/process/noNewPrivileges", json!(last)));
        let said = asking.bundle.run();
        assert_eq!(said, "own\ntheirs\nmkdir: can't create directory '/tmp/else': No space left on device\n");
        let (_, told) = asking.told();
        let answers = [asking.said(), asking.said(), asking.said()];
        assert_eq!(answers, ["mkdir /tmp/theirs: 0", "mkdir /tmp/own: go on", "mkdir /tmp/else: -28"]);
        // A part of the book.
        let told = format!("ANCHOR: told\n{}\nANCHOR_END: told", serde_json::to_string_pretty(&told).unwrap());
        settings().bind(|| assert_snapshot!("told", told));
    }
}

#[test]
fn each_process_has_its_own_questions() {
    let mut asking = Asking::new(Bundle::new().args(&["sleep", "1000"]));
    asking.bundle.create("box");
    let (pid, told) = asking.told();
    // The agent knows before the program begins.
    assert_eq!((json!(pid), &told["state"]["status"]), (asking.bundle.state("box")["pid"].clone(), &json!("creating")));
    assert_eq!(asking.bundle.runtime(&["start", "box"]), "");
    assert_eq!(asking.bundle.runtime(&["exec", "box", "mkdir", "/tmp/theirs"]), "");
    let (other, told) = asking.told();
    assert_ne!(other, pid);
    assert_eq!(told["state"]["status"], "running");
    assert_eq!(asking.said(), "mkdir /tmp/theirs: 0");
    assert!(asking.bundle.dir().join("rootfs/tmp/theirs").is_dir());
    // Nothing of the way there is open in the container.
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    assert_eq!(open, 3);
}

/// Who asks chooses the path, and the links on it: they lead where they lead in the container.
#[test]
fn no_question_leads_out() {
    let bundle = Bundle::new();
    let outside = bundle.world.dir("outside");
    let script = format!(
        "ln -s {} /tmp/theirs-out; mkdir /tmp/theirs-out/mine; ln -s /tmp /tmp/theirs-in; mkdir /tmp/theirs-in/mine; ls -d /tmp/m*",
        outside.display()
    );
    let mut asking = Asking::new(bundle.shell(&script));
    // One that comes and says nothing is no reason to go.
    drop(UnixStream::connect(socket(&asking.bundle)).unwrap());
    let said = asking.bundle.run();
    assert_eq!(said, "/tmp/mine\nmkdir: can't create directory '/tmp/theirs-out/mine': No such file or directory\n");
    asking.told();
    assert_eq!([asking.said(), asking.said()], ["mkdir /tmp/theirs-out/mine: -2", "mkdir /tmp/theirs-in/mine: 0"]);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn without_an_agent_there_is_no_container() {
    let bundle = Bundle::new().shell("echo it runs");
    let all = profile(&bundle, &["mkdir"]);
    let with = |name: &str, value: Value| {
        let mut profile = all.clone();
        profile[name] = value;
        profile.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        profile
    };
    let mut alone = with("listenerPath", Value::Null);
    alone.as_object_mut().unwrap().remove("listenerMetadata");
    let mut bundle = bundle;
    let mut said = String::new();
    for profile in [
        all.clone(),
        with("listenerPath", json!("/nowhere")),
        with("listenerPath", Value::Null),
        alone,
        with("defaultAction", json!("SCMP_ACT_NOTIFY")),
        with("syscalls", json!([{ "names": ["mkdir", "sendmsg"], "action": "SCMP_ACT_NOTIFY" }])),
        with("syscalls", json!([{ "names": ["write"], "action": "SCMP_ACT_NOTIFY" }])),
        with("syscalls", json!([{ "names": ["mkdir"], "action": "SCMP_ACT_NOTIFY", "errnoRet": 1 }])),
        with("syscalls", json!([{ "names": ["mkdir"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1 }])),
        with("flags", json!(["SECCOMP_FILTER_FLAG_NEW_LISTENER"])),
        // Nobody asks: then nobody has to be there.
        with("syscalls", json!([{ "names": ["mkdir"], "action": "SCMP_ACT_ERRNO" }])),
    ] {
        bundle = bundle.with("/linux/seccomp", profile);
        said += &bundle.run();
        assert_eq!(bundle.left(), Vec::<String>::new());
    }
    settings().bind(|| assert_snapshot!("nobody", said));
}
