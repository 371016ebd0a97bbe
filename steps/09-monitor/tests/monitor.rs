//! A container and its monitor, without whoever started it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use support::observe::{self, await_some, kill};
use support::pty::Terminal;
use support::{World, settings};

/// A bundle whose program is a script.
struct Bundle {
    world: World,
    dir: PathBuf,
}

impl Bundle {
    fn new(script: &str) -> Bundle {
        let world = World::new();
        let dir = world.dir("bundle");
        fs::rename(world.busybox_rootfs(), dir.join("rootfs")).unwrap();
        world.command("runtime").arg("spec").current_dir(&dir).assert().success();
        let bundle = Bundle { world, dir };
        bundle.change("/process/args", json!(["sh", "-c", script]));
        bundle.change("/process/terminal", json!(false));
        bundle
    }

    fn change(&self, pointer: &str, value: Value) {
        let path = self.dir.join("config.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        *config.pointer_mut(pointer).unwrap() = value;
        self.world.write(path, config.to_string());
    }

    /// `monitor WORDS`, what a person sees and its status unless it is 0.
    fn shown(&self, words: &[&str]) -> String {
        let output = self.world.command("monitor").args(words).current_dir(&self.dir).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let status = output.status.code().unwrap();
        let end = if status == 0 { String::new() } else { format!("[exit {status}]\n") };
        format!("$ monitor {}\n{text}{end}\n", words.join(" "))
    }

    /// The monitor and the program of the container that runs.
    fn processes(&self) -> [u32; 2] {
        await_some("the container", || {
            let all = observe::processes_of(self.world.root());
            let monitor =
                all.into_iter().find(|pid| observe::cmdline(*pid).get(1).is_some_and(|word| word == "keep"))?;
            Some([monitor, *observe::children(monitor).first()?])
        })
    }

    fn await_silence(&self) {
        await_some("the end of all", || observe::processes_of(self.world.root()).is_empty().then_some(()));
    }
}

#[test]
fn a_life() {
    let bundle = Bundle::new("echo begun; echo complaint >&2; read word; echo $word; exit 3");
    let mut shown = bundle.shown(&["run", "-d", "box"]);
    await_some("its first words", || bundle.shown(&["logs", "box"]).contains("complaint").then_some(()));
    shown += &bundle.shown(&["logs", "box"]);
    let [monitor, program] = bundle.processes();
    // Whoever started it is gone.
    assert!(observe::runs(monitor) && observe::runs(program));
    let mut wait = bundle.world.process("monitor").args(["wait", "box"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut attach = bundle.world.process("monitor");
    let mut attach = attach.args(["attach", "box"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    attach.stdin.as_mut().unwrap().write_all(b"typed later\n").unwrap();
    let out = attach.wait_with_output().unwrap();
    shown += &format!(
        "$ monitor attach box\n{}[exit {}]\n\n",
        String::from_utf8_lossy(&out.stdout),
        out.status.code().unwrap()
    );
    let mut said = String::new();
    std::io::Read::read_to_string(wait.stdout.as_mut().unwrap(), &mut said).unwrap();
    assert!(wait.wait().unwrap().success());
    shown += &format!("$ monitor wait box\n{said}\n");
    shown += &bundle.shown(&["logs", "box"]);
    shown += &bundle.shown(&["attach", "box"]);
    bundle.await_silence();
    settings().bind(|| insta::assert_snapshot!("life", shown));
}

#[test]
fn the_terminal_closes_and_the_container_goes_on() {
    let bundle =
        Bundle::new("trap 'echo hung up' HUP; echo ready; i=0; while [ $i -lt 100 ]; do i=$((i+1)); sleep 0.1; done");
    let config = bundle.dir.display().to_string();
    let mut terminal = Terminal::spawn(&bundle.world, "monitor", &["run", "--bundle", &config, "box"]);
    terminal.expect("ready");
    let [monitor, program] = bundle.processes();
    // As a window is closed: everybody with that terminal is hung up.
    kill(terminal.pid(), 9);
    terminal.wait();
    drop(terminal);
    assert!(observe::runs(monitor) && observe::runs(program));
    kill(monitor, 9);
    // The container ends with its monitor; who is dying has no environment any more, and is there for a while yet.
    observe::await_end(program);
    bundle.await_silence();
}

#[test]
fn nothing_is_lost_when_somebody_reads_slowly() {
    let bundle = Bundle::new("i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done");
    let mut child = bundle.world.process("monitor");
    let child = child.args(["run", "box"]).current_dir(&bundle.dir).stdin(Stdio::null()).stdout(Stdio::piped());
    let child = child.spawn().unwrap();
    // It fills pipes and sockets first; the container waits.
    bundle.processes();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let out = child.wait_with_output().unwrap();
    let expected: String = (0..20000).map(|number| format!("{number}\n")).collect();
    assert!(out.status.success());
    assert_eq!(String::from_utf8(out.stdout).unwrap(), expected);
    let logged = bundle.world.command("monitor").args(["logs", "box"]).output().unwrap();
    assert_eq!(String::from_utf8(logged.stdout).unwrap(), expected);
}

#[test]
fn input_ends_where_the_callers_does() {
    let bundle = Bundle::new("cat; echo end");
    let output = bundle
        .world
        .command("monitor")
        .args(["run", "box"])
        .current_dir(&bundle.dir)
        .write_stdin("some\nwords")
        .output();
    assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), "some\nwordsend\n");
}

#[test]
fn what_cannot_be_started_says_so() {
    let bundle = Bundle::new("true");
    bundle.change("/process/args", json!(["no-such-program"]));
    let mut shown = bundle.shown(&["run", "box"]) + &bundle.shown(&["run", "-d", "box"]);
    bundle.change("/process/cwd", json!("/nowhere"));
    shown += &bundle.shown(&["run", "-d", "box"]);
    shown += &bundle.shown(&["wait", "box"]);
    bundle.await_silence();
    settings().bind(|| insta::assert_snapshot!("failed", shown));
}

#[test]
fn a_terminal_has_the_callers_size_and_keys_to_leave_it() {
    let bundle = Bundle::new("stty size; sleep 100");
    bundle.change("/process/terminal", json!(true));
    let config = bundle.dir.display().to_string();
    let mut terminal = Terminal::spawn(&bundle.world, "monitor", &["run", "--bundle", &config, "box"]);
    terminal.expect("24 80");
    terminal.send("\x10\x11");
    assert!(terminal.wait().success());
    let [monitor, program] = bundle.processes();
    assert!(observe::runs(program));
    kill(monitor, 9);
    bundle.await_silence();
}
