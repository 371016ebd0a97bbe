//! How willingly the kernel ends a process when the system has no memory left (proc_pid_oom_score_adj(5)).

use std::fs;
use std::io;

use nix::unistd::Pid;
use process::{Error, Result};

/// Ours, which our children get.
pub(crate) fn own() -> i16 {
    let text = fs::read_to_string("/proc/self/oom_score_adj").unwrap_or_default();
    text.trim().parse().unwrap_or(0)
}

/// Whether only the system's root could set it.
pub(crate) fn is_too_low(score: i16) -> bool {
    namespaces::itself::caller() != 0 && score < own()
}

/// Sets a process's, as low as we may.
pub(crate) fn set(pid: Pid, score: i16) -> Result<()> {
    match fs::write(format!("/proc/{pid}/oom_score_adj"), score.to_string()) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && is_too_low(score) => Ok(()),
        done => done.map_err(|error| Error::os(format!("set --oom-score-adj to {score}"), error)),
    }
}
