//! What a container leaves that has no process 1 of its own: with the host's PID namespace nobody ends with the first
//! process, and where there is no cgroup to be killed, only descent tells whose they are.

use std::fs;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, getpid};
use process::{Error, Result};

/// From here on, whoever loses its parent among our descendants becomes our child (prctl(2)).
///
/// # Errors
/// None that this kernel has.
pub(crate) fn adopt() -> Result<()> {
    set_child_subreaper(true).map_err(|errno| Error::os("become the parent of orphans", errno))
}

/// Kills our children, and theirs, which become ours then, until there are none but those of our own. All else that we have
/// started has to have ended.
// ANCHOR: end
pub(crate) fn end(own: &[u32]) {
    loop {
        let mut children = children();
        children.retain(|child| !own.contains(&child.as_raw().cast_unsigned()));
        if children.is_empty() {
            return;
        }
        for child in children {
            let _ = kill(child, Signal::SIGKILL);
            let _ = waitpid(child, None);
        }
    }
}
// ANCHOR_END: end

fn children() -> Vec<Pid> {
    let pid = getpid();
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|word| word.parse().ok()).map(Pid::from_raw).collect()
}
