//! Namespaces that are there already, and that a process is born in.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, setns};
use process::{Error, Result, Setup};

use crate::clocks::NEWTIME;

/// The kinds, as `/proc/PID/ns` calls them (namespaces(7)).
const KINDS: [(CloneFlags, &str); 8] = [
    (CloneFlags::CLONE_NEWUSER, "user"),
    (CloneFlags::CLONE_NEWNS, "mnt"),
    (CloneFlags::CLONE_NEWPID, "pid"),
    (CloneFlags::CLONE_NEWNET, "net"),
    (CloneFlags::CLONE_NEWIPC, "ipc"),
    (CloneFlags::CLONE_NEWUTS, "uts"),
    (CloneFlags::CLONE_NEWCGROUP, "cgroup"),
    (NEWTIME, "time"),
];

/// Namespaces of others. As a [`Setup`] it joins them; for a PID namespace that is [`process::Start::through`]'s.
#[derive(Debug, Default)]
pub struct Joined(Vec<Entry>);

/// A process or a namespace, which of its kinds, and where it was found.
type Entry = (OwnedFd, CloneFlags, Option<PathBuf>);

impl Joined {
    /// Adds those of the process that are none of ours, out of `kinds`. The descriptor is pidfd_open(2)'s, `pid` the number of the
    /// same process, which has to be there still when this returns.
    ///
    /// # Errors
    /// When somebody else's process is not ours to look at.
    pub fn add_process(&mut self, process: OwnedFd, pid: u32, kinds: CloneFlags) -> Result<()> {
        let others = foreign(pid, kinds)?;
        if !others.is_empty() {
            self.0.push((process, others, None));
        }
        Ok(())
    }

    /// Adds the namespace that a file of a procfs, or one that it was bound to, stands for; nothing when it is ours.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn add_path(&mut self, path: &Path, kind: CloneFlags) -> Result<()> {
        let failed = |error: io::Error| Error::os(format!("join the namespace {}", path.display()), error);
        let file = File::open(path).map_err(failed)?;
        let there = file.metadata().map_err(failed)?;
        let name = KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, name)| *name);
        let ours = fs::metadata(format!("/proc/self/ns/{name}")).map_err(failed)?;
        if !same(&there, &ours) {
            self.0.push((file.into(), kind, Some(path.into())));
        }
        Ok(())
    }

    /// The name and the file of each, for a program that joins them by itself, as long as this lives.
    #[must_use]
    pub fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let mut files = Vec::new();
        for (whose, kinds, _) in &self.0 {
            let number = whose.as_raw_fd();
            let about = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
            // Only a process's descriptor says whose it is (pidfd_open(2)).
            let process = about.lines().find_map(|line| line.strip_prefix("Pid:")).map(str::trim);
            for (_, name) in KINDS.iter().filter(|(kind, _)| kinds.contains(*kind)) {
                files.push((
                    *name,
                    match process {
                        Some(pid) => PathBuf::from(format!("/proc/{pid}/ns/{name}")),
                        None => PathBuf::from(format!("/proc/{}/fd/{number}", std::process::id())),
                    },
                ));
            }
        }
        files
    }

    /// The kinds of all.
    #[must_use]
    pub fn kinds(&self) -> CloneFlags {
        self.0.iter().fold(CloneFlags::empty(), |all, (_, kinds, _)| all | *kinds)
    }
}

/// The user namespace last: whoever has left the one that the others belong to may join them no more. Unless they belong to that
/// one: then only who is in it may, so what could not be joined before is tried once more.
// ANCHOR: join
impl Joined {
    /// Joins them all; `inside` comes right after the user namespace, when there is one among them.
    ///
    /// # Errors
    /// Which one could not be joined.
    pub fn enter(&self, inside: &dyn Fn() -> Result<()>) -> Result<()> {
        let user = CloneFlags::CLONE_NEWUSER;
        let join = |(whose, _, path): &Entry, kinds: CloneFlags| match kinds.is_empty() {
            true => Ok(()),
            false => setns(whose.as_fd(), kinds).map_err(|errno| failed(kinds, path.as_deref(), errno)),
        };
        let has_user = self.kinds().contains(user);
        let mut later = Vec::new();
        for entry in &self.0 {
            match join(entry, entry.1 - user) {
                Err(_) if has_user => later.push(entry),
                result => result?,
            }
        }
        for entry in self.0.iter().filter(|(_, kinds, _)| kinds.contains(user)) {
            join(entry, user)?;
            inside()?;
        }
        later.into_iter().try_for_each(|entry| join(entry, entry.1 - user))
    }
}

impl Setup for Joined {
    fn setup(&self) -> Result<()> {
        self.enter(&|| Ok(()))
    }
}
// ANCHOR_END: join

fn failed(kinds: CloneFlags, path: Option<&Path>, errno: nix::errno::Errno) -> Error {
    if let Some(path) = path {
        return Error::os(format!("join the namespace {}", path.display()), errno);
    }
    let names = KINDS.iter().filter(|(kind, _)| kinds.contains(*kind)).map(|(_, name)| *name).collect::<Vec<_>>();
    let error = Error::os(format!("join the {} namespace of another process", names.join(", ")), errno);
    match errno {
        nix::errno::Errno::EPERM => error.hint("it has to have been made by a container, or in `podling unshare`"),
        _ => error,
    }
}

/// Which of these namespaces of a process are others than ours.
///
/// # Errors
/// When there is no such process, or it is not ours to look at.
pub fn foreign(pid: u32, kinds: CloneFlags) -> Result<CloneFlags> {
    let mut others = CloneFlags::empty();
    for (kind, name) in KINDS.into_iter().filter(|(kind, _)| kinds.contains(*kind)) {
        let look = |whose: &str| {
            let path = format!("/proc/{whose}/ns/{name}");
            fs::metadata(&path).map_err(|error| Error::os(format!("look at {path}"), error))
        };
        if !same(&look(&pid.to_string())?, &look("self")?) {
            others |= kind;
        }
    }
    Ok(others)
}

fn same(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}
