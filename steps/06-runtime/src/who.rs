//! A process that is meant, and no later one of its number.

use nix::errno::Errno;
use nix::unistd::Pid;
use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

/// A process, by its number and the time at which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Who {
    /// Its number.
    pub pid: i32,
    /// Clock ticks after the system's start (`starttime`, proc_pid_stat(5)).
    pub began: u64,
}

impl Who {
    /// The process that has this number now; `None` when there is none.
    pub(crate) fn of(pid: Pid) -> Option<Who> {
        Some(Who { pid: pid.as_raw(), began: stat(pid.as_raw())?.1 })
    }

    /// Whether it is still there, and not only as an entry that its parent has not taken note of.
    pub(crate) fn lives(&self) -> bool {
        stat(self.pid).is_some_and(|(state, began)| began == self.began && !matches!(state, 'Z' | 'X'))
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, number: u32) -> Result<()> {
        if !self.lives() {
            return Err(gone());
        }
        process::signals::send(Pid::from_raw(self.pid), number).map_err(|errno| match errno {
            Errno::ESRCH => gone(),
            _ => Error::os(format!("send signal {number} to process {}", self.pid), errno),
        })
    }
}

fn gone() -> Error {
    Error::new("the container is not running: its process has ended").code(code::NOT_RUNNING)
}

/// The letter of its state, and when it began. The name of the program comes before, and can have anything in it.
fn stat(pid: i32) -> Option<(char, u64)> {
    let text = process::file::read(format!("/proc/{pid}/stat"), 4096).ok()?;
    let end = text.iter().rposition(|byte| *byte == b')')?;
    let mut fields = std::str::from_utf8(&text[end + 1..]).ok()?.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}
