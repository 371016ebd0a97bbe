//! What a container sees, from inside: the program of the image that is built in.

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    // Not by println, which panics when nobody reads.
    match io::stdout().write_all(greeting().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn greeting() -> String {
    let mut greeting = "Hello from podling!\n\nThis is a container on your machine. What it sees, from inside:\n\n".to_string();
    let mut line = |name: &str, value: String| greeting += &format!("  {name:<17} {value}\n");
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    line("process", format!("{} ({})", std::process::id(), neighbours()));
    line("user", format!("uid {}, gid {}", first(&status, "Uid:"), first(&status, "Gid:")));
    line("user map", user_map());
    line("host name", text("/proc/sys/kernel/hostname"));
    line("namespaces", namespaces());
    line("capabilities", capabilities(&first(&status, "CapEff:")));
    line("seccomp", seccomp(&first(&status, "Seccomp:")));
    line("root file system", root());
    line("image", image());
    greeting + "\nNext: podling load -i IMAGE.tar, then podling run -it IMAGE sh\n"
}

fn text(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|error| format!("({error})"), |text| text.trim().to_string())
}

/// The first word after `key` in /proc/self/status.
fn first(status: &str, key: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().next().unwrap_or("?").to_string()
}

/// How many processes can be seen.
fn neighbours() -> String {
    let is_process = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().parse::<u32>().is_ok();
    match fs::read_dir("/proc").map(|entries| entries.flatten().filter(is_process).count()) {
        Ok(1) => "the only one here".to_string(),
        Ok(count) => format!("one of {count} that can be seen"),
        Err(error) => format!("/proc: {error}"),
    }
}

/// Who root in here is outside; the second field of the map is the uid in the parent's namespace.
fn user_map() -> String {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let fields = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    let lines: Vec<Vec<String>> = map.lines().map(fields).filter(|fields| fields.len() == 3).collect();
    match lines.iter().find(|line| line[0] == "0") {
        None => "root in here is nobody outside".to_string(),
        Some(line) if line[1] == "0" && line[2] == "4294967295" => "root in here is root outside".to_string(),
        Some(line) => {
            let ids: u64 = lines.iter().filter_map(|line| line[2].parse::<u64>().ok()).sum();
            let mapped = if ids == 1 { "no other id is".to_string() } else { format!("{ids} ids are") };
            format!("root in here is uid {} outside; {mapped} mapped", line[1])
        }
    }
}

fn namespaces() -> String {
    let mut names = Vec::new();
    for name in ["user", "mnt", "pid", "uts", "ipc", "net", "cgroup"] {
        if let Ok(link) = fs::read_link(format!("/proc/self/ns/{name}")) {
            let link = link.to_string_lossy().into_owned();
            let number = link.trim_start_matches(|character| character != '[').trim_matches(['[', ']']);
            names.push(format!("{name} {number}"));
        }
    }
    // Three on a line, for a terminal of 80 columns.
    let lines: Vec<String> = names.chunks(3).map(|line| line.join(", ")).collect();
    lines.join(&format!("\n  {:<17} ", ""))
}

fn capabilities(mask: &str) -> String {
    match u64::from_str_radix(mask, 16) {
        Ok(0) => "none".to_string(),
        Ok(bits) => format!("{} of {} (CapEff {mask})", bits.count_ones(), last_capability()),
        Err(_) => mask.to_string(),
    }
}

fn last_capability() -> u32 {
    text("/proc/sys/kernel/cap_last_cap").parse::<u32>().map_or(41, |last| last + 1)
}

fn seccomp(mode: &str) -> String {
    match mode {
        "0" => "no filter: every system call is allowed",
        "2" => "a filter decides on every system call",
        other => other,
    }
    .to_string()
}

/// The type of what is mounted on `/`: after the dash of its line in mountinfo.
fn root() -> String {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let root = mounts.lines().filter(|line| line.split(' ').nth(4) == Some("/")).next_back();
    let kind = root.and_then(|line| line.split(" - ").nth(1)).and_then(|rest| rest.split(' ').next());
    kind.unwrap_or("unknown").to_string()
}

fn image() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let id = release.lines().find_map(|line| line.strip_prefix("IMAGE_ID="));
    id.map_or("none (no IMAGE_ID in /etc/os-release)".to_string(), |id| id.trim_matches('"').to_string())
}
