//! Other containers whose namespaces one shares, found when it starts.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use namespaces::{IdMap, Joined, Space};
use nix::sched::CloneFlags;
use process::{Error, Program, Result, Start, code};
use rootfs::beneath::{self, Root};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::status::ticks;
use crate::{Engine, Options, Record, compose, shm};

/// What it has from others.
pub(crate) struct Neighbours {
    /// Their namespaces.
    pub joined: Joined,
    /// Which of its namespaces are made for it.
    pub new: CloneFlags,
    /// The ids of the user namespace that it joins.
    pub map: Option<IdMap>,
    /// The `/dev/shm` that it shares.
    pub shm: Option<OwnedFd>,
    /// The host name that it shares.
    pub hostname: Option<String>,
    /// `/etc/hosts` and `/etc/resolv.conf` of whom it shares the network with.
    pub files: Vec<(&'static str, Vec<u8>)>,
}

impl Neighbours {
    /// Finds them; each has to run.
    ///
    /// # Errors
    /// Which one does not; which namespace is not there.
    // ANCHOR: find
    pub fn find(engine: &Engine, options: &Options) -> Result<Neighbours> {
        let mut found = Neighbours {
            joined: Joined::default(),
            new: CloneFlags::CLONE_NEWNS,
            map: None,
            shm: None,
            hostname: None,
            files: Vec::new(),
        };
        for (kind, name, space) in options.spaces() {
            match space {
                Space::Private if kind != CloneFlags::CLONE_NEWUSER => found.new |= kind,
                Space::Private | Space::Host => {}
                Space::Container(id) => found.share(engine, &id, kind)?,
                Space::Path(path) => found.joined.add_path(&path, kind).map_err(|error| {
                    Error::because(format!("cannot find specified {name} namespace path"), error)
                        .code(code::NO_NAMESPACE)
                })?,
            }
        }
        if found.joined.kinds().contains(CloneFlags::CLONE_NEWUSER) && found.map.is_none() {
            found.map = Some(ids(&options.users.space())?);
        }
        Ok(found)
    }
    // ANCHOR_END: find

    /// A namespace of a container, and what goes with it.
    fn share(&mut self, engine: &Engine, id: &str, kind: CloneFlags) -> Result<()> {
        let record = engine.find(id)?;
        let status = engine.status(&record)?;
        let Some(pid) = status.life.pid.filter(|_| status.is_running()) else { return Err(stopped(&record)) };
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let process = number.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let process = process.ok_or_else(|| stopped(&record))?;
        let files = PathBuf::from(format!("/proc/{pid}/root"));
        match kind {
            CloneFlags::CLONE_NEWIPC => self.shm = shm::of(&process)?,
            CloneFlags::CLONE_NEWUTS => self.hostname = Some(compose::hostname(&record.options, &record.id)),
            CloneFlags::CLONE_NEWNET => self.files = texts(&files)?,
            CloneFlags::CLONE_NEWUSER => {
                self.map = match namespaces::foreign(pid, kind)?.is_empty() {
                    true => None,
                    false => Some(IdMap::of_process(pid)?),
                }
            }
            _ => {}
        }
        self.joined.add_process(process, pid, kind)?;
        // All that was read by its number was its own: it has not ended meanwhile.
        match ticks(pid) == Some(status.life.ticks) {
            true => Ok(()),
            false => Err(stopped(&record)),
        }
    }
}

/// In Podman's words.
fn stopped(record: &Record) -> Error {
    let words = format!("cannot get namespace path unless container {} is running", record.id);
    Error::because(words, "container is stopped").code(code::NOT_RUNNING).hint(format!("podling start {}", record.name))
}

/// Who it is and whom it asks is said by the network, so it is the same for all that share one.
fn texts(root: &Path) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let root = Root::open(root).map_err(|error| Error::os("open the root of the other container", error))?;
    let mut texts = Vec::new();
    for place in ["/etc/hosts", "/etc/resolv.conf"] {
        let text = beneath::read(&root, Path::new(place), 4 << 20);
        let text = text.map_err(|error| Error::os(format!("read {place} of the other container"), error))?;
        texts.extend(text.map(|text| (place, text)));
    }
    Ok(texts)
}

/// The ids of a user namespace that is only a file: of a process that is in it for a moment.
fn ids(space: &Space) -> Result<IdMap> {
    let mut joined = Joined::default();
    if let Space::Path(path) = space {
        joined.add_path(path, CloneFlags::CLONE_NEWUSER)?;
    }
    let program = Program::new(["true"]);
    let created = Start::new(&program, &joined).create()?;
    IdMap::of_process(created.pid().as_raw().cast_unsigned())
}
