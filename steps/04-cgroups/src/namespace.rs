//! What a container sees of its cgroup.

use nix::sched::{CloneFlags, unshare};
use process::{Error, Result, Setup};

/// A cgroup namespace that a process makes for itself, instead of being born with it: its root is the cgroup in which it
/// is made (cgroup_namespaces(7)), and there the parent has to put the process first.
#[derive(Debug, Clone, Copy)]
pub struct OwnNamespace;

// ANCHOR: own
impl Setup for OwnNamespace {
    fn setup(&self) -> Result<()> {
        unshare(CloneFlags::CLONE_NEWCGROUP).map_err(|errno| Error::os("make a cgroup namespace", errno))
    }
}
// ANCHOR_END: own
