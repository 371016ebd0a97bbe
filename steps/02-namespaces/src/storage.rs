//! The user's own namespace: the one in which an ordinary user is root over the store.
//!
//! To make it takes newuidmap(1) and newgidmap(1), which cost more than everything else in a start, and it lasts only as
//! long as a process is in it. So the first command leaves the smallest possible process there ([`crate::pause`]), and
//! the next ones join it. `$XDG_RUNTIME_DIR/podling/namespace` says which process that is: its first line is the process id,
//! its second the [`stamp`] of what the map was made of. The process holds the lock of that file, as its standard input:
//! the kernel takes the lock off a dead process, so the file never lies.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, geteuid};
use process::{Error, Program, Result, Setup, Start, Stdio};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::{IdMap, Namespaces, kernel, pause, subid};

/// Root over one's own files and mounts.
#[derive(Debug)]
pub struct Storage {
    /// A process in the namespace that is kept; nothing when a new one has to be made, or for real root.
    kept: Option<OwnedFd>,
}

impl Storage {
    /// The namespace that is kept, or else a new one, which is kept from now on.
    ///
    /// # Errors
    /// When there is no such namespace to be had.
    // ANCHOR: open
    pub fn open() -> Result<Storage> {
        if geteuid().is_root() {
            return Ok(Storage { kept: None });
        }
        let Some(place) = place() else { return Ok(Storage { kept: None }) };
        if let Some(process) = find(&place) {
            return Ok(Storage { kept: Some(process) });
        }
        keep(&place).map(|kept| Storage { kept })
    }
    // ANCHOR_END: open

    /// What would start a process there, with mounts of its own, handed to `run`.
    ///
    /// # Errors
    /// Those of `run`.
    // ANCHOR: with
    pub fn with<T>(&self, program: &Program, setup: &dyn Setup, run: impl Fn(&Start<'_>) -> Result<T>) -> Result<T> {
        let Some(process) = &self.kept else { return Namespaces::storage()?.with(program, setup, run) };
        // Mounts of its own come second: root of a namespace may make them, an ordinary user may not.
        let joined = (Join { process, flags: CloneFlags::CLONE_NEWUSER }, (Unshare(CloneFlags::CLONE_NEWNS), setup));
        match run(&Start::new(program, &joined)) {
            // Whoever kept it was killed just now, or never came to keep it, because its maker was.
            Err(_) if kernel::has_ended(process.as_fd()) => {
                let others = CloneFlags::CLONE_NEWNS;
                Namespaces { users: Some(IdMap::of_caller()?), others }.with(program, setup, run)
            }
            result => result,
        }
    }
    // ANCHOR_END: with

    /// Runs a process there, waits for it, and returns its exit status.
    ///
    /// # Errors
    /// Whatever failed on the way.
    pub fn run(&self, program: &Program, stdio: Stdio, setup: &dyn Setup) -> Result<u8> {
        self.with(program, setup, |start| stdio.run(start))
    }

    /// As [`Storage::run`], when the program is the grandchild ([`Stdio::run_through`]).
    ///
    /// # Errors
    /// Whatever failed on the way.
    pub fn run_through(&self, program: &Program, stdio: Stdio, setup: &dyn Setup) -> Result<u8> {
        self.with(program, setup, |start| stdio.run_through(start))
    }

    /// Ends what keeps the namespace, which the next command makes anew. Whoever is in it stays in it.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub fn end() -> Result<()> {
        match place().and_then(|place| holder(&place)) {
            None => Ok(()),
            Some((process, _)) => kernel::kill(process.as_fd())
                .map_err(|errno| Error::os("end the process that keeps the user namespace", errno)),
        }
    }
}

/// Joins namespaces of the process that a descriptor stands for, all at once (setns(2) with a pidfd, Linux 5.8).
pub struct Join<'a> {
    /// The process.
    pub process: &'a OwnedFd,
    /// Which of its namespaces.
    pub flags: CloneFlags,
}

impl Setup for Join<'_> {
    fn setup(&self) -> Result<()> {
        setns(self.process, self.flags).map_err(|errno| Error::os("join the namespaces of a process", errno))
    }
}

/// Namespaces that a process makes for itself, once it may.
pub struct Unshare(pub CloneFlags);

impl Setup for Unshare {
    fn setup(&self) -> Result<()> {
        match self.0.is_empty() {
            true => Ok(()),
            false => unshare(self.0).map_err(|errno| Error::os("make namespaces", errno)),
        }
    }
}

/// Where it is written who keeps the namespace; nowhere without a directory that ends with the login.
fn place() -> Option<PathBuf> {
    let run = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute())?;
    Some(run.join("podling/namespace"))
}

/// What the map is made of: when this changes, the namespace has to be made anew.
fn stamp() -> String {
    let mut stamp = geteuid().to_string();
    for file in ["/etc/subuid", "/etc/subgid"] {
        let of = |meta: fs::Metadata| format!(" {}.{}.{}", meta.ino(), meta.mtime(), meta.mtime_nsec());
        stamp += &fs::metadata(file).map_or_else(|_| " -".into(), of);
    }
    stamp
}

/// The process that keeps a namespace by the file `place`, and the stamp of it.
// ANCHOR: holder
fn holder(place: &Path) -> Option<(OwnedFd, String)> {
    let mut file = File::open(place).ok()?;
    let mut text = [0; 256];
    let length = file.read(&mut text).ok()?;
    let (pid, stamp) = std::str::from_utf8(&text[..length]).ok()?.trim_end().split_once('\n')?;
    let process = kernel::pidfd_open(pid.parse().ok()?).ok()?;
    // Locked by that process before and after we held it: so it is that one and not another of its number.
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(Errno::WOULDBLOCK) => Some((process, stamp.to_string())),
        _ => None,
    }
}
// ANCHOR_END: holder

/// The same, when it was made of what the map would be made of now.
fn find(place: &Path) -> Option<OwnedFd> {
    holder(place).filter(|(_, made_of)| *made_of == stamp()).map(|(process, _)| process)
}

/// Makes the namespace, and a process that keeps it. Whoever of us is killed on the way leaves nothing: the process waits
/// for our word until the file that leads to it is there.
// ANCHOR: keep
fn keep(place: &Path) -> Result<Option<OwnedFd>> {
    // A process in a service ends with the service, so it is no place for what all commands share.
    if std::env::var_os("INVOCATION_ID").is_some() {
        return Ok(None);
    }
    let map = IdMap::of_caller()?;
    // Once, and not at each command.
    if let Some(notice) = subid::notice()? {
        eprintln!("{notice}");
    }
    let Some(directory) = place.parent() else { return Ok(None) };
    // A user without that directory, or with a full one, gets a namespace for each command.
    if DirBuilder::new().recursive(true).mode(0o700).create(directory).is_err() {
        return Ok(None);
    }
    // One at a time.
    let Ok(turn) = create(&place.with_extension("lock")) else { return Ok(None) };
    if flock(&turn, FlockOperation::LockExclusive).is_err() {
        return Ok(None);
    }
    if let Some(process) = find(place) {
        return Ok(Some(process));
    }
    let stale = holder(place);
    let draft = place.with_extension("new");
    // A new file: the one of that name may be locked by who was left of an earlier attempt.
    let _ = fs::remove_file(&draft);
    let Ok(mut file) = create(&draft) else { return Ok(None) };
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(None);
    }
    let namespaces = Namespaces { users: Some(map), others: CloneFlags::empty() };
    let hand = file.as_fd().try_clone_to_owned();
    let hand = Locked(hand.map_err(|error| Error::os("duplicate a descriptor", error))?);
    let created = namespaces.with(&pause::program(), &hand, |start| Start { lives_on: true, ..*start }.create())?;
    let process = kernel::pidfd_open(created.pid().as_raw())
        .map_err(|errno| Error::os("hold the process that keeps the user namespace", errno))?;
    let written = file.write_all(format!("{}\n{}\n", created.pid(), stamp()).as_bytes());
    if written.and_then(|()| fs::rename(&draft, place)).is_err() {
        // Nobody could find it: it ends, as it was never told to begin.
        return Ok(None);
    }
    created.start()?.leave();
    if let Some((process, _)) = stale {
        let _ = kernel::kill(process.as_fd());
    }
    Ok(Some(process))
}
// ANCHOR_END: keep

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// What has the lock, in the place of all standard descriptors: so it outlives exec, and nobody waits for the end of our
/// caller's output.
struct Locked(OwnedFd);

impl Setup for Locked {
    fn setup(&self) -> Result<()> {
        dup2_stdin(&self.0)
            .and_then(|()| dup2_stdout(&self.0))
            .and_then(|()| dup2_stderr(&self.0))
            .map_err(|errno| Error::os("hand over the lock", errno))
    }
}
