//! Namespaces that are there already, by their files (runtime-spec, config-linux.md, "Namespaces", `path`).

use std::path::PathBuf;

use namespaces::clocks::NEWTIME;
use namespaces::{Joined, Namespaces};
use nix::sched::CloneFlags;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use oci_spec::runtime::LinuxNamespaceType;
use process::{Error, Result, code};
use rustix::process::{PidfdFlags, pidfd_open};

use crate::who::Who;

/// A namespace to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Join {
    /// `CLONE_NEW*`.
    pub kind: CloneFlags,
    /// Its file.
    pub path: PathBuf,
}

/// The flag of a kind of namespace.
pub(crate) fn flag(kind: LinuxNamespaceType) -> CloneFlags {
    match kind {
        LinuxNamespaceType::Mount => CloneFlags::CLONE_NEWNS,
        LinuxNamespaceType::Pid => CloneFlags::CLONE_NEWPID,
        LinuxNamespaceType::Uts => CloneFlags::CLONE_NEWUTS,
        LinuxNamespaceType::Ipc => CloneFlags::CLONE_NEWIPC,
        LinuxNamespaceType::Network => CloneFlags::CLONE_NEWNET,
        LinuxNamespaceType::Cgroup => CloneFlags::CLONE_NEWCGROUP,
        LinuxNamespaceType::User => CloneFlags::CLONE_NEWUSER,
        LinuxNamespaceType::Time => NEWTIME,
    }
}

/// Joins those of these files that are none of ours.
pub(crate) fn enter(joins: &[Join]) -> Result<()> {
    let mut joined = Joined::default();
    // All are opened first: what we join may hide a path.
    joins.iter().try_for_each(|join| joined.add_path(&join.path, join.kind))?;
    joined.enter(&become_root)
}

/// Who has just come into a user namespace is nobody in it.
pub(crate) fn become_root() -> Result<()> {
    let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
    let _ = setgroups(&[]);
    setresgid(group, group, group)
        .and_then(|()| setresuid(user, user, user))
        .map_err(|errno| Error::os("become root of the user namespace", errno))
}

/// Refuses the mount namespace that we are in: the container's root would become everybody's.
pub(crate) fn refuse_own_mounts(joins: &[Join]) -> Result<()> {
    for join in joins.iter().filter(|join| join.kind == CloneFlags::CLONE_NEWNS) {
        let mut joined = Joined::default();
        joined.add_path(&join.path, join.kind)?;
        if joined.kinds().is_empty() {
            return Err(Error::new(format!("join the namespace {}: it is ours", join.path.display()))
                .code(code::NO_NAMESPACE)
                .hint("the container's root becomes that of all who are in its mount namespace"));
        }
    }
    Ok(())
}

/// Those that a container's first process has and we have not.
pub(crate) fn of_process(init: Who) -> Result<Joined> {
    let ended = || Error::new("the container has just ended").code(code::NOT_RUNNING);
    let mut joined = Joined::default();
    let pid = rustix::process::Pid::from_raw(init.pid).ok_or_else(ended)?;
    let process = pidfd_open(pid, PidfdFlags::empty()).map_err(|_| ended())?;
    joined.add_process(process, init.pid.cast_unsigned(), CloneFlags::all() | NEWTIME).map_err(|_| ended())?;
    // Only now that we hold it can it not become another one.
    if init.lives() { Ok(joined) } else { Err(ended()) }
}

/// The namespaces in which our helper prepares a container: these ids, and mounts of its own, unless the container's are to be
/// ours.
pub(crate) fn outer(users: Option<namespaces::IdMap>, mounts: bool) -> Namespaces {
    Namespaces { users, others: if mounts { CloneFlags::CLONE_NEWNS } else { CloneFlags::empty() } }
}
