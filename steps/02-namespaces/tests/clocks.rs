//! Clocks of its own.

use std::fs;
use std::process::Stdio;

use support::{World, observe};

fn uptime(text: &str) -> f64 {
    text.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn they_are_ahead_of_the_hosts() {
    let world = World::new();
    let mut command = world.process("namespaces-clocks");
    let mut child = command.args(["7", "864000", "sleep", "4256"]).stdin(Stdio::null()).spawn().unwrap();
    let pid = observe::await_program(child.id(), &["sleep", "4256"]);
    let me = std::process::id();
    assert_ne!(observe::namespace(pid, "time"), observe::namespace(me, "time"));
    let offsets = fs::read_to_string(format!("/proc/{pid}/timens_offsets")).unwrap();
    let words: Vec<&str> = offsets.split_whitespace().collect();
    assert_eq!(words, ["monotonic", "7", "0", "boottime", "864000", "0"]);
    observe::kill(pid, 9);
    assert_eq!(child.wait().unwrap().code(), Some(137));

    let output = world.command("namespaces-clocks").args(["0", "864000", "cat", "/proc/uptime"]).output().unwrap();
    let (inside, host) = (String::from_utf8(output.stdout).unwrap(), fs::read_to_string("/proc/uptime").unwrap());
    let ahead = uptime(&inside) - uptime(&host);
    assert!((ahead - 864_000.0).abs() < 60.0, "{ahead}");
}

#[test]
fn none_is_before_the_start_of_the_system() {
    let world = World::new();
    let output = world.command("namespaces-clocks").args(["0", "-99999999999", "true"]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("out of range") && errors.contains("no clock can be before the start"), "{errors}");
    assert_eq!(output.status.code(), Some(125));
}
