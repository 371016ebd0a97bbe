//! What the kernel and the distribution say of the machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};

/// Go's name of the architecture, which images and clients use.
#[must_use]
pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64le",
        "loongarch64" => "loong64",
        other => other,
    }
}

/// The lines `NAME=value` of os-release(5).
pub(super) fn os_release() -> BTreeMap<String, String> {
    let read = |path: &&str| fs::read_to_string(path).ok();
    let text = ["/etc/os-release", "/usr/lib/os-release"].iter().find_map(read).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_string(), value.trim_matches(['"', '\'']).to_string())).collect()
}

/// A value of `/proc/meminfo`, in bytes.
pub(super) fn memory(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0) * 1024
}

/// Since the start of the machine, in percent: user, system, idle (`/proc/stat`, proc_stat(5)).
pub(super) fn utilization() -> [f64; 3] {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let numbers = text.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<f64> = numbers.map_while(|number| number.parse().ok()).collect();
    let [user, _, system, idle, ..] = ticks[..] else { return [0.0; 3] };
    let all: f64 = ticks.iter().sum();
    [user, system, idle].map(|part| (part / all * 10_000.0).round() / 100.0)
}

/// As Podman writes it: `2h 3m 4.00s (Approximately 0.08 days)`.
pub(super) fn uptime() -> String {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds: f64 = text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    let hours = (seconds / 3600.0).floor();
    let minutes = ((seconds - hours * 3600.0) / 60.0).floor();
    let words = format!("{hours}h {minutes}m {:.2}s", (seconds % 60.0).floor());
    match hours >= 1.0 {
        true => format!("{words} (Approximately {:.2} days)", hours / 24.0),
        false => words,
    }
}

/// `v1` or `v2`, and the controllers that this process may use.
pub(super) fn cgroups() -> (&'static str, Vec<String>) {
    let words = |text: String| text.split_whitespace().map(str::to_string).collect();
    if statfs("/sys/fs/cgroup").is_ok_and(|file_system| file_system.filesystem_type() == CGROUP2_SUPER_MAGIC) {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        let file = Path::new("/sys/fs/cgroup").join(own).join("cgroup.controllers");
        return ("v2", words(fs::read_to_string(file).unwrap_or_default()));
    }
    let table = fs::read_to_string("/proc/cgroups").unwrap_or_default();
    let enabled = table.lines().filter(|line| !line.starts_with('#') && line.ends_with('1'));
    ("v1", enabled.filter_map(|line| line.split_whitespace().next().map(str::to_string)).collect())
}

/// The program of that name in `$PATH`.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}
