//! How the kernel treats a program beside others: when it runs, whose disk requests come first, from which memory it gets its
//! pages, and as which system it sees itself.

use process::{Error, Result, Setup};

use crate::kernel;

/// What it has of these; `None` leaves what the caller has. As a [`Setup`] it comes before the confinement, which takes the
/// rights that some of them need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// When it runs.
    pub scheduler: Option<Scheduler>,
    /// When its disk requests are served.
    pub io: Option<IoPriority>,
    /// Where its memory is.
    pub memory: Option<MemoryPolicy>,
    /// `PER_*` of personality(2).
    pub personality: Option<u32>,
}

/// The arguments of sched_setattr(2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scheduler {
    /// `SCHED_*` (sched(7)).
    pub policy: u32,
    /// `SCHED_FLAG_*`.
    pub flags: u64,
    /// -20 (soon) to 19 (late), for the policies `SCHED_OTHER` and `SCHED_BATCH`.
    pub nice: i32,
    /// 1 (late) to 99 (soon), for `SCHED_FIFO` and `SCHED_RR`.
    pub priority: u32,
    /// Nanoseconds of `SCHED_DEADLINE`: how long it runs at most,
    pub runtime: u64,
    /// until when it has to have run,
    pub deadline: u64,
    /// and how often.
    pub period: u64,
}

/// The arguments of ioprio_set(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IoPriority {
    /// 1 (before all others), 2 (by level), 3 (when nobody else wants the disk).
    pub class: u8,
    /// 0 (first) to 7.
    pub level: u8,
}

/// The arguments of set_mempolicy(2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryPolicy {
    /// `MPOL_*`, with its `MPOL_F_*`.
    pub mode: u32,
    /// The numbers of the nodes, none above [`MemoryPolicy::LAST_NODE`].
    pub nodes: Vec<u32>,
}

impl MemoryPolicy {
    /// No kernel is built for more nodes (`CONFIG_NODES_SHIFT`).
    pub const LAST_NODE: u32 = 1023;
}

// ANCHOR: standing
impl Setup for Standing {
    fn setup(&self) -> Result<()> {
        if let Some(scheduler) = &self.scheduler {
            kernel::set_scheduler(scheduler).map_err(|error| privileged("set the scheduler", error))?;
        }
        // After the scheduler: as long as nobody has set it, it follows the nice value.
        if let Some(io) = self.io {
            kernel::set_io_priority(io.class, io.level).map_err(|error| privileged("set the I/O priority", error))?;
        }
        if let Some(memory) = &self.memory {
            kernel::set_memory_policy(memory.mode, &memory.nodes).map_err(|error| {
                Error::os("set the memory policy", error)
                    .hint("`/sys/devices/system/node/online` says which nodes there are")
            })?;
        }
        match self.personality {
            Some(personality) => {
                kernel::set_personality(personality).map_err(|error| Error::os("set the personality", error))
            }
            None => Ok(()),
        }
    }
}
// ANCHOR_END: standing

fn privileged(what: &str, error: std::io::Error) -> Error {
    let refused = error.raw_os_error() == Some(libc::EPERM);
    let error = Error::os(what, error);
    match refused {
        true => error.hint("to be treated better than others takes CAP_SYS_NICE in the system's own user namespace"),
        false => error,
    }
}
