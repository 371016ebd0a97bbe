//! Clocks of its own: a time namespace (time_namespaces(7)), whose clocks are so much ahead of the host's or behind.

use std::fmt::Write as _;
use std::fs;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use process::{Error, Result, Setup, code};

/// `CLONE_NEWTIME`, which nix has no name for. clone(2) cannot have it among its flags: there the bit means something else.
pub const NEWTIME: CloneFlags = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);

/// How much a clock differs from the host's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offset {
    /// Whole seconds; less than 0 for a clock that is behind.
    pub seconds: i64,
    /// And nanoseconds, which are always added.
    pub nanoseconds: u32,
}

/// The clocks of a time namespace. The time of day is nobody's: the kernel has one for all.
///
/// A process that makes such a namespace is not in it, its children are, and once there is one the clocks are as they are. So
/// this is for the intermediary ([`process::Start::through`]). It takes `CAP_SYS_TIME` in its user namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clocks {
    /// The one that counts from some time on (`CLOCK_MONOTONIC`).
    pub monotonic: Offset,
    /// The one that counts from the start of the system on (`CLOCK_BOOTTIME`; `/proc/uptime`).
    pub boottime: Offset,
}

// ANCHOR: clocks
impl Setup for Clocks {
    fn setup(&self) -> Result<()> {
        unshare(NEWTIME).map_err(|errno| {
            let error = Error::os("make a time namespace", errno);
            if errno == Errno::EINVAL { error.hint("this needs Linux 5.6, built with CONFIG_TIME_NS") } else { error }
        })?;
        let mut text = String::new();
        for (clock, offset) in [("monotonic", self.monotonic), ("boottime", self.boottime)] {
            let _ = writeln!(text, "{clock} {} {}", offset.seconds, offset.nanoseconds);
        }
        // In one write, and before anybody is born there: afterwards the kernel refuses it.
        let path = "/proc/self/timens_offsets";
        fs::write(path, &text).map_err(|error| match error.raw_os_error() {
            Some(libc::ERANGE) => Error::new(format!("set the clocks of a time namespace to {text:?}: out of range"))
                .code(code::BAD_VALUE)
                .hint("no clock can be before the start of the system"),
            _ => Error::os(format!("write {path}"), error),
        })
    }
}
// ANCHOR_END: clocks
