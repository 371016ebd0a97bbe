//! How a process is walled in, as the kernel tells it (proc(5)).

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use confinement::CapSet;
use confinement::explain::capabilities;
use namespaces::Extent;
use namespaces::explain::extents;
use process::explain::Line;
use process::{Error, Result, code};

/// The lines of a process; what its user may not know is left out and said.
///
/// # Errors
/// When there is no such process.
pub(super) fn explain(pid: u32) -> Result<Vec<Line>> {
    let status = match fs::read_to_string(format!("/proc/{pid}/status")) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Error::new(format!("no process {pid} and no container of that name")).code(code::NO_PROCESS));
        }
        result => result.map_err(|error| Error::os(format!("read /proc/{pid}/status"), error))?,
    };
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let set = |name: &str| CapSet::from_bits(u64::from_str_radix(&field(name), 16).unwrap_or(0));
    let mut lines = map(pid);
    lines.extend(namespaces(pid));
    lines.extend(cgroup(pid));
    lines.extend(mounts(pid));
    if let Ok(label) = fs::read_to_string(format!("/proc/{pid}/attr/current")) {
        let label = label.trim_end_matches(['\0', '\n']).to_string();
        lines.extend((!label.is_empty()).then(|| Line::new(5, format!("SELinux or AppArmor calls it {label}"))));
    }
    lines.push(Line::new(
        5,
        format!("no program of it can get more than the capabilities {}", capabilities(set("CapBnd"))),
    ));
    lines.push(Line::new(5, format!("it is user {}, group {} outside", first(&field("Uid")), first(&field("Gid")))));
    lines.push(Line::new(5, format!("it has the capabilities {}", capabilities(set("CapEff")))));
    lines.extend(limits(pid));
    if field("NoNewPrivs") == "1" {
        lines.push(Line::new(5, "setuid programs have no effect (no_new_privs)"));
    }
    lines.push(Line::new(
        5,
        match field("Seccomp").as_str() {
            "2" => format!("its system calls are filtered (filters: {})", field("Seccomp_filters")),
            _ => "its system calls are not filtered".to_string(),
        },
    ));
    lines.push(Line::new(
        1,
        format!("it is {}, process {} of its namespace", command(pid, &field("Name")), last(&field("NSpid"))),
    ));
    Ok(lines)
}

/// Of `/proc/PID/limits` those that are other than ours, and those that people meet.
fn limits(pid: u32) -> Vec<Line> {
    let read = |pid: &str| fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
    let (its, ours) = (read(&pid.to_string()), read("self"));
    let usual = ["Max open files", "Max processes"];
    let line = |line: &&str| usual.iter().any(|name| line.starts_with(name)) || !ours.lines().any(|own| own == *line);
    let told = |line: &str| {
        // Columns of fixed width: the name, the soft limit, the hard one.
        let (name, rest) = line.split_at_checked(26)?;
        let mut values = rest.split_whitespace();
        let (soft, hard) = (values.next()?, values.next()?);
        let name = name.trim().trim_start_matches("Max ");
        Some(Line::new(5, format!("limit of {name}: {soft}, which it may raise to {hard}")))
    };
    its.lines().skip(1).filter(line).filter_map(told).collect()
}

fn first(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

fn last(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}

fn command(pid: u32, name: &str) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = String::from_utf8_lossy(&words).split_terminator('\0').collect::<Vec<_>>().join(" ");
    if words.is_empty() { name.to_string() } else { words }
}

/// Its id maps.
pub(super) fn map(pid: u32) -> Vec<Line> {
    let read = |file: &str| -> Vec<Extent> {
        let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let extent = |line: &str| {
            let mut numbers = line.split_whitespace().map(str::parse::<u32>);
            Some(Extent { inside: numbers.next()?.ok()?, outside: numbers.next()?.ok()?, count: numbers.next()?.ok()? })
        };
        text.lines().filter_map(extent).collect()
    };
    [extents("user", &read("uid_map")), extents("group", &read("gid_map"))].concat()
}

/// Compared with ours.
fn namespaces(pid: u32) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut shared = Vec::new();
    for (name, meaning) in [("user", "ids of its own"), ("time", "clocks of its own")]
        .into_iter()
        .chain(namespaces::explain::KINDS.iter().map(|(_, name, meaning)| (*name, *meaning)))
    {
        let read = |pid: &str| fs::read_link(Path::new("/proc").join(pid).join("ns").join(name));
        match (read(&pid.to_string()), read("self")) {
            (Ok(its), Ok(ours)) if its == ours => shared.push(name),
            (Ok(its), _) => lines.push(Line::new(2, format!("namespace {}: {meaning}", its.display()))),
            (Err(error), _) => {
                lines.push(Line::new(2, format!("namespace {name}: {}", process::error::words(&error))));
            }
        }
    }
    if !shared.is_empty() {
        lines.push(Line::new(2, format!("it shares the caller's namespaces {}", shared.join(" "))));
    }
    lines
}

fn cgroup(pid: u32) -> Vec<Line> {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    let Some(path) = text.lines().find_map(|line| line.strip_prefix("0::/")) else { return Vec::new() };
    let mut lines = vec![Line::new(4, format!("cgroup /{path}"))];
    let directory = Path::new("/sys/fs/cgroup").join(path);
    for file in
        ["memory.max", "memory.swap.max", "memory.low", "cpu.max", "cpu.weight", "cpuset.cpus", "pids.max", "io.max"]
    {
        let Ok(value) = fs::read_to_string(directory.join(file)) else { continue };
        let value = value.trim();
        let is_default = value.is_empty() || value.starts_with("max") || (file == "cpu.weight" && value == "100");
        let is_limit = !is_default;
        lines.extend((is_limit && value != "0").then(|| Line::new(4, format!("limit {file}: {value}"))));
    }
    lines
}

/// `/proc/PID/mountinfo`: fields 5 and 6, and behind the dash the type and the source.
fn mounts(pid: u32) -> Vec<Line> {
    let text = match fs::read_to_string(format!("/proc/{pid}/mountinfo")) {
        Ok(text) => text,
        Err(error) => return vec![Line::new(3, format!("its mounts: {}", process::error::words(&error)))],
    };
    let line = |line: &str| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, point, options) = (fields.next()?, fields.next()?, fields.next()?);
        let kind = kind.split(' ').next()?;
        let part = if root == "/" { String::new() } else { format!(" {root} of") };
        Some(Line::new(3, format!("{point} is{part} {kind} ({options})")))
    };
    text.lines().filter_map(line).collect()
}
