//! Namespaces that are there already, by their files (runtime-spec, config-linux.md, "Namespaces", `path`).

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use namespaces::Namespaces;
use namespaces::clocks::NEWTIME;
use nix::sched::{CloneFlags, setns};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use oci_spec::runtime::LinuxNamespaceType;
use process::{Error, Result};

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

/// Joins all of them. Each belongs to a user namespace, and may be joined with rights in that one: some before we join a
/// user namespace ourselves, the others then.
// ANCHOR: join
pub(crate) fn enter(joins: &[Join], is_meant: impl Fn() -> bool) -> Result<()> {
    let failed =
        |join: &Join, error: std::io::Error| Error::os(format!("join the namespace {}", join.path.display()), error);
    let mut files = Vec::new();
    // All are opened first: what we join may hide a path.
    for join in joins {
        files.push((join, File::open(&join.path).map_err(|error| failed(join, error))?));
    }
    // Only now that we hold them they cannot become those of another process.
    if !is_meant() {
        return Err(Error::new("the container has just ended"));
    }
    let (users, mut others): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(join, _)| join.kind == CloneFlags::CLONE_NEWUSER);
    for (join, file) in users {
        others.retain(|(join, file)| setns(file, join.kind).is_err());
        // The one that we are in cannot be joined.
        if is_ours(&file, "user") {
            continue;
        }
        setns(&file, join.kind).map_err(|errno| failed(join, errno.into()))?;
        let root = (Uid::from_raw(0), Gid::from_raw(0));
        let _ = setgroups(&[]);
        setresgid(root.1, root.1, root.1)
            .and_then(|()| setresuid(root.0, root.0, root.0))
            .map_err(|errno| Error::os("become root of the user namespace", errno))?;
    }
    others.iter().try_for_each(|(join, file)| setns(file, join.kind).map_err(|errno| failed(join, errno.into())))
}
// ANCHOR_END: join

/// Refuses the mount namespace that we are in: the container's root would become everybody's.
pub(crate) fn refuse_own_mounts(joins: &[Join]) -> Result<()> {
    for join in joins.iter().filter(|join| join.kind == CloneFlags::CLONE_NEWNS) {
        let failed = |error| Error::os(format!("join the namespace {}", join.path.display()), error);
        if is_ours(&File::open(&join.path).map_err(failed)?, "mnt") {
            return Err(Error::new(format!("join the namespace {}: it is ours", join.path.display()))
                .hint("the container's root becomes that of all who are in its mount namespace"));
        }
    }
    Ok(())
}

fn is_ours(file: &File, name: &str) -> bool {
    let ours = Path::new("/proc/self/ns").join(name).metadata();
    let same = |ours: Metadata, there: Metadata| (ours.dev(), ours.ino()) == (there.dev(), there.ino());
    ours.and_then(|ours| Ok(same(ours, file.metadata()?))).unwrap_or(false)
}

/// Which namespaces a process has that we have not, by their files.
pub(crate) fn of_process(pid: i32) -> Vec<Join> {
    const KINDS: [(&str, CloneFlags); 8] = [
        ("user", CloneFlags::CLONE_NEWUSER),
        ("mnt", CloneFlags::CLONE_NEWNS),
        ("pid", CloneFlags::CLONE_NEWPID),
        ("net", CloneFlags::CLONE_NEWNET),
        ("ipc", CloneFlags::CLONE_NEWIPC),
        ("uts", CloneFlags::CLONE_NEWUTS),
        ("cgroup", CloneFlags::CLONE_NEWCGROUP),
        ("time", NEWTIME),
    ];
    let link = |who: &str, name: &str| std::fs::read_link(Path::new("/proc").join(who).join("ns").join(name)).ok();
    let (pid, ours) = (pid.to_string(), "self");
    let others = KINDS.iter().filter(|(name, _)| link(&pid, name) != link(ours, name));
    others.map(|(name, kind)| Join { kind: *kind, path: format!("/proc/{pid}/ns/{name}").into() }).collect()
}

/// The namespaces in which our helper prepares a container: these ids, and mounts of its own, unless the container's are to be
/// ours.
pub(crate) fn outer(users: Option<namespaces::IdMap>, mounts: bool) -> Namespaces {
    Namespaces { users, others: if mounts { CloneFlags::CLONE_NEWNS } else { CloneFlags::empty() } }
}
