//! What a container does now.

use std::fs;
use std::path::Path;

use process::Result;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::record::{read, replace};

/// The turns of a container's life, as its monitor writes them down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Life {
    /// Its first process, while it runs.
    pub pid: Option<u32>,
    /// When that process began, in the kernel's ticks since boot: two processes with one number differ in it.
    pub ticks: u64,
    /// Its monitor.
    pub monitor: u32,
    /// RFC 3339; empty when it never ran.
    pub started: String,
    /// RFC 3339; empty when it runs, or never ran.
    pub finished: String,
    /// Its exit status, once it has ended.
    pub exit_code: Option<u8>,
    /// The kernel ended it, or one of its processes, because memory ran out.
    pub oom_killed: bool,
    /// How often it began anew by itself.
    pub restarts: u32,
    /// Why it could not be started.
    pub error: String,
    /// Its cgroup, where there is one.
    pub cgroup: Option<String>,
}

/// Podman's words for what a container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It has not run yet.
    Created,
    /// Its monitor prepares it.
    Initialized,
    /// It runs.
    Running,
    /// It is frozen.
    Paused,
    /// It has ended.
    Exited,
}

impl Phase {
    /// The word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::Created => "created",
            Phase::Initialized => "initialized",
            Phase::Running => "running",
            Phase::Paused => "paused",
            Phase::Exited => "exited",
        }
    }
}

/// What a container does now, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// In a word.
    pub phase: Phase,
    /// What its monitor wrote.
    pub life: Life,
}

impl Life {
    /// The life in a container's directory; that of one that never ran when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(directory: &Path) -> Result<Life> {
        Ok(read(&directory.join("life.json"))?.unwrap_or_default())
    }

    /// Writes it: a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When the disk is full, say.
    pub fn write(&self, directory: &Path) -> Result<()> {
        replace(&directory.join("life.json"), self)
    }

    /// It has begun.
    #[must_use]
    pub fn begun(self, pid: u32) -> Life {
        let monitor = std::process::id();
        let (started, finished) = (now(), String::new());
        Life { pid: Some(pid), ticks: ticks(pid).unwrap_or(0), monitor, started, finished, exit_code: None, ..self }
    }

    /// It has ended.
    #[must_use]
    pub fn ended(self, status: u8) -> Life {
        Life { pid: None, ticks: 0, monitor: 0, finished: now(), exit_code: Some(status), cgroup: None, ..self }
    }

    /// Kills the first process, if it is still there, and with it all of the container's.
    pub(crate) fn kill(&self) {
        let number = self.pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        let Some(pidfd) = number.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else { return };
        // Only now that we hold it can it not become another one.
        if self.pid.and_then(ticks) == Some(self.ticks) {
            let _ = pidfd_send_signal(pidfd, Signal::KILL);
        }
    }

    /// What it does, when its lock is held or not.
    #[must_use]
    pub fn status(self, held: bool) -> Status {
        let frozen = || self.cgroup.as_ref().is_some_and(|cgroup| is_frozen(Path::new(cgroup)));
        let phase = match (held, self.pid.is_some()) {
            (true, true) if frozen() => Phase::Paused,
            (true, true) => Phase::Running,
            (true, false) => Phase::Initialized,
            (false, _) if self.started.is_empty() => Phase::Created,
            (false, _) => Phase::Exited,
        };
        Status { phase, life: self }
    }
}

impl Status {
    /// Whether a program of it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Paused)
    }
}

fn is_frozen(cgroup: &Path) -> bool {
    fs::read_to_string(cgroup.join("cgroup.freeze")).is_ok_and(|text| text.trim() == "1")
}

/// The time, RFC 3339 with nanoseconds.
#[must_use]
pub fn now() -> String {
    jiff::Timestamp::now().to_string()
}

/// When a process began: field 22 of `/proc/PID/stat` (proc_pid_stat(5)); the second one ends with the last parenthesis.
pub(crate) fn ticks(pid: u32) -> Option<u64> {
    let text = String::from_utf8(process::file::read(format!("/proc/{pid}/stat"), 4096).ok()?).ok()?;
    text.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}
