//! Birth through an intermediary.
//!
//! A PID namespace is joined for one's children only (setns(2)), and whoever has joined one, as an ordinary user, cannot
//! come back. So a process of its own joins, gives birth to the child as if it were ours (`CLONE_PARENT`), and ends.

use std::fs::File;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::fcntl::OFlag;
use nix::sched::CloneFlags;
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, pipe2};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Setup, Start, code, kernel, start};

/// What the intermediary has to say.
#[derive(Serialize, Deserialize)]
enum Word {
    /// The child's number, as we call it, and whether it is in its cgroup.
    Born(i32, bool),
    /// There is none.
    Failed(Error),
}

impl Start<'_> {
    /// As a clone: the child's id (`None` in the child), and whether it is in its cgroup.
    ///
    /// # Errors
    /// What the intermediary could not do to itself; no process is left then.
    // ANCHOR: through
    pub(crate) fn clone_through(&self, through: &dyn Setup) -> Result<(Option<Pid>, bool)> {
        let failed = |errno| Error::os("create a process", errno);
        let (answer, answerer) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        let Some(intermediary) = start::clone(CloneFlags::empty()).map_err(failed)? else {
            drop(answer);
            // A panic must not unwind into what is the parent's part of the stack.
            let born = catch_unwind(AssertUnwindSafe(|| {
                through.setup()?;
                self.clone(CloneFlags::CLONE_PARENT).map_err(failed)
            }));
            let word = match born {
                // The child itself: it goes its way.
                Ok(Ok((None, _))) => return Ok((None, false)),
                Ok(Ok((Some(pid), in_place))) => Word::Born(pid.as_raw(), in_place),
                Ok(Err(error)) => Word::Failed(error),
                Err(_) => Word::Failed(Error::new("the set-up of the process panicked").code(code::INTERNAL)),
            };
            let text = serde_json::to_vec(&word).unwrap_or_default();
            let _ = File::from(answerer).write_all(&[text, b"\n".to_vec()].concat());
            kernel::exit(0)
        };
        drop(answerer);
        // By line: the child has the other end as well, until it executes its program.
        let word = read_line(File::from(answer));
        let _ = waitpid(intermediary, None);
        match word.and_then(|text| serde_json::from_slice(&text).ok()) {
            Some(Word::Born(pid, in_place)) => Ok((Some(Pid::from_raw(pid)), in_place)),
            Some(Word::Failed(error)) => Err(error),
            None => Err(Error::new("create a process: who was to create it has died").code(code::CHILD_DIED)),
        }
    }
    // ANCHOR_END: through
}

/// The first line; nothing when there is no whole one.
fn read_line(mut from: File) -> Option<Vec<u8>> {
    let (mut line, mut part) = (Vec::new(), [0; 1024]);
    while line.last() != Some(&b'\n') {
        match from.read(&mut part) {
            Ok(0) => return None,
            Ok(length) => line.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(line)
}
