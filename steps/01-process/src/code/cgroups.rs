//! Step 04: limits.

use super::Trouble;

/// cgroup v1, or both.
pub const CGROUP_V1: u16 = 401;
/// Nothing is delegated.
pub const NO_DELEGATION: u16 = 402;
/// A controller is not delegated.
pub const NO_CONTROLLER: u16 = 403;
/// A limit is no number, or contradicts another.
pub const BAD_LIMIT: u16 = 404;
/// A limit that cgroup v2 does not have.
pub const ENDED_WITH_V1: u16 = 405;
/// A cgroup that cannot be the parent.
pub const BAD_PARENT: u16 = 406;
/// A cgroup has processes, or does not do what it should in time.
pub const CGROUP_BUSY: u16 = 407;
/// The kernel has no such controller.
pub const KERNEL_LACKS_CONTROLLER: u16 = 408;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-04")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        CGROUP_V1,
        "limits need cgroup v2, and this machine has version 1, or both",
        "an ordinary user can be given a part of version 2 only; version 1 cannot be delegated safely",
        "without limits containers run here too; else boot with version 2 alone",
    )
    .needs("cgroup-v2"),
    trouble(
        NO_DELEGATION,
        "no cgroup is delegated to the user",
        "systemd gives each user who logged in a part of the tree; su, sudo and cron are no log-in",
        "log in by ssh, a terminal or `machinectl shell`, or keep the user's systemd running",
    )
    .needs("linger"),
    trouble(
        NO_CONTROLLER,
        "a cgroup controller is not delegated to the user",
        "systemd delegates memory and pids by itself, and the others (cpu, cpuset, io) where it is told to",
        "tell it, then log out and in again",
    )
    .needs("delegation"),
    trouble(
        BAD_LIMIT,
        "a limit is out of range, or contradicts another",
        "the kernel has bounds for each limit, and some only have a meaning together: --memory-swap with --memory, \
         a reservation below the limit",
        "the message says which; sizes are numbers with b, k, m or g, a rate is DEVICE:NUMBER",
    ),
    trouble(
        ENDED_WITH_V1,
        "cgroup v2 does not have this setting",
        "swappiness of a cgroup and switching its OOM killer off ended with version 1",
        "leave it out; --memory-swap limits swap",
    ),
    trouble(
        BAD_PARENT,
        "the cgroup cannot be the parent of a container's",
        "an ordinary user may make cgroups only below what systemd has delegated; --cgroups=split needs a unit with \
         Delegate=yes",
        "--cgroup-parent=NAME.slice names one of the user's systemd",
    ),
    trouble(
        CGROUP_BUSY,
        "a cgroup does not become empty, or does not freeze, in time",
        "a process in it cannot be stopped now: it waits for a disk or the network in the kernel (state D)",
        "ps -eo pid,stat,wchan,args shows it; try again when it has ended",
    ),
    trouble(
        KERNEL_LACKS_CONTROLLER,
        "this kernel has no such cgroup controller",
        "it was built without it, or leaves it out at boot, as some small machines do with memory",
        "leave the limit out, or boot with cgroup_enable=memory on the kernel's command line",
    ),
];
