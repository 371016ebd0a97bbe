//! All processes of a container.

use std::fs;

use nix::unistd::Pid;

use crate::record::Record;
use crate::who::Who;

/// Those in its cgroup; without one, those in its pid namespace; where that is shared with others, only the first.
// ANCHOR: of
pub(crate) fn of(record: &Record) -> Vec<Who> {
    if let Some(cgroup) = record.cgroup() {
        return cgroup.pids().into_iter().filter_map(Who::of).collect();
    }
    let Some(init) = record.init.filter(Who::lives) else { return Vec::new() };
    let namespace = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let (theirs, ours) = (namespace(init.pid), fs::read_link("/proc/self/ns/pid").ok());
    if theirs.is_none() || theirs == ours {
        return vec![init];
    }
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mut found: Vec<Who> =
        numbers.filter(|pid| namespace(*pid) == theirs).filter_map(|pid| Who::of(Pid::from_raw(pid))).collect();
    found.sort_by_key(|who| who.pid);
    found
}
// ANCHOR_END: of
