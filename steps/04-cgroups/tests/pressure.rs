//! Being told that processes wait, by the kernel.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::{World, settings};

/// Programs that want one processor, all at once.
struct Crowd(Vec<Child>);

impl Crowd {
    fn new() -> Crowd {
        let processor = first_processor();
        let begin = || {
            let mut command = Command::new("taskset");
            command.args(["-c", &processor, "sh", "-c", "while :; do :; done"]).stdin(Stdio::null());
            command.spawn().expect("run taskset, of util-linux")
        };
        Crowd((0..3).map(|_| begin()).collect())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// One that this process may use.
fn first_processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
    list.split([',', '-']).next().unwrap().to_string()
}

fn pressure(world: &World, words: &[&str]) -> String {
    let output = world.command("cgroups").arg("pressure").args(words).output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    format!("pressure {}\n{text}status {}\n", words.join(" "), output.status.code().unwrap_or(-1))
}

/// Linux's version, as far as it counts.
fn version() -> (u32, u32) {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[test]
fn a_crowd_is_told_of() {
    let world = World::new();
    let _crowd = Crowd::new();
    let said = pressure(&world, &["cpu", "--stall", "10"]);
    match Path::new("/proc/pressure/cpu").exists() {
        true if version() >= (6, 5) => {
            assert_eq!(said, "pressure cpu --stall 10\nprocesses waited 10ms of 2s for cpu\nstatus 0\n");
        }
        true => assert!(said.contains("Hint: an ordinary user may set triggers since Linux 6.5"), "{said}"),
        false => assert!(said.contains("Hint: this kernel measures no pressure"), "{said}"),
    }
}

#[test]
fn what_cannot_be_told_of() {
    let world = World::new();
    let empty = world.dir("empty").display().to_string();
    settings().bind(|| insta::assert_snapshot!("pressure", pressure(&world, &["memory", "--cgroup", &empty])));
    if !Path::new("/proc/pressure/memory").exists() || version() < (6, 5) {
        // That is what the other test sees.
        return;
    }
    // Nothing stands still for want of memory that long.
    let said = pressure(&world, &["memory", "--full", "--stall", "1990", "--time", "0"]);
    assert!(said.ends_with("processes did not wait 1.99s of 2s for memory\nstatus 1\n"), "{said}");
    let said = pressure(&world, &["memory", "--window", "1500"]);
    assert!(said.contains("Invalid argument\nHint: a window is ") && said.ends_with("status 125\n"), "{said}");
}
