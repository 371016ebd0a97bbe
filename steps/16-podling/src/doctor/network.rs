//! What reaches out of a container.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::Command;

use nix::unistd::{getegid, geteuid};

use super::Found;
use super::system::{program, read};

pub(super) fn pasta() -> Found {
    let Some(path) = program("pasta") else { return Found::limited("pasta not found in $PATH") };
    let output = Command::new(&path).arg("--version").output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    Found::fine(format!("{} ({})", path.display(), version.lines().next().unwrap_or("of unknown version")))
}

pub(super) fn tun() -> Found {
    match OpenOptions::new().read(true).write(true).open("/dev/net/tun") {
        Ok(_) => Found::fine("can be opened"),
        Err(error) => Found::limited(format!("/dev/net/tun: {}", process::error::words(&error))),
    }
}

pub(super) fn ports() -> Found {
    let first =
        read("/proc/sys/net/ipv4/ip_unprivileged_port_start").and_then(|text| text.parse::<u32>().ok()).unwrap_or(1024);
    match first {
        _ if geteuid().is_root() => Found::unneeded("root may have any"),
        0..=80 => Found::fine(format!("from {first} on")),
        _ => Found::limited(format!("from {first} on")),
    }
}

pub(super) fn ping() -> Found {
    let range = read("/proc/sys/net/ipv4/ping_group_range").unwrap_or_default();
    let numbers: Vec<u32> = range.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let own = getegid().as_raw();
    match numbers[..] {
        _ if geteuid().is_root() => Found::unneeded("root may"),
        [first, last] if (first..=last).contains(&own) => Found::fine(format!("groups {first} to {last}")),
        _ => Found::limited("not the user's group"),
    }
}

pub(super) fn netavark() -> Found {
    let places = ["/usr/lib/podman/netavark", "/usr/libexec/podman/netavark", "/usr/local/libexec/podman/netavark"];
    match places.into_iter().find(|path| Path::new(path).exists()) {
        Some(path) => Found::fine(path),
        None => Found::unneeded("podling has no shared networks yet"),
    }
}
