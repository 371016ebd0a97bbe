//! What the engine keeps of its containers, beside the images in the same root:
//!
//! ```text
//! containers/ID/container.json   the record
//! containers/ID/life.json        what its monitor wrote of its life
//! containers/ID/stop             somebody stopped it: it does not begin anew by itself
//! containers/ID/attach           the monitor's socket
//! containers/ID/ctr.log          what it wrote
//! containers/ID/{upper,work}
//! merged                         where each monitor, among its own mounts, has the container's root
//! lowest/                        below every container's layers: an empty place for each mount, and /etc/mtab
//! container-names/NAME           the ID that has the name
//! running/ID                     locked while the container runs: when the lock is free, its keeper is dead
//! ```
//!
//! Nothing else says that a container runs, so a crash at any instant leaves nothing that is not seen.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::geteuid;
use process::{Error, Result, code};

use crate::options::CID_FILE;
use crate::running::{self, Running};
use crate::status::{Life, Status};
use crate::{Record, foreign, names, remove};

/// The engine's part of a root directory.
#[derive(Debug, Clone)]
pub struct State {
    root: PathBuf,
}

impl State {
    /// The state below `root`; directories are made when something is written.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> State {
        State { root: root.into() }
    }

    /// The root directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory of a container.
    #[must_use]
    pub fn container(&self, id: &str) -> PathBuf {
        self.root.join("containers").join(id)
    }

    pub(crate) fn running(&self, id: &str) -> PathBuf {
        self.root.join("running").join(id)
    }

    fn name(&self, name: &str) -> PathBuf {
        self.root.join("container-names").join(name)
    }

    /// Claims a new container: marks it as running, gives it its name, makes its directory.
    ///
    /// # Errors
    /// When another container has the name.
    // ANCHOR: claim
    pub fn claim(&self, id: &str, name: &str) -> Result<Running> {
        // The last one is there when all are.
        if !self.root.join("container-names").exists() {
            for directory in ["containers", "running", "container-names"] {
                make_dir(&self.root.join(directory))?;
            }
        }
        // Nobody else knows the id; but a sweep may just be looking at the mark.
        let running = Running::mark(self.running(id), true)?;
        let running =
            running.ok_or_else(|| Error::new(format!("container {id} is running")).code(code::WRONG_STATE))?;
        // One at a time, or two could take over the same abandoned name.
        let _names = running::lock_dir(&self.root.join("container-names"))?;
        // A file that has its content before it has its name: nobody sees half a claim. The mark is at hand, and a file costs
        // more than a second name for it.
        let (claim, mark) = (self.name(name), self.running(id));
        running.say(id)?;
        let mut result = fs::hard_link(&mark, &claim);
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) && self.abandoned(&claim) {
            let _ = fs::remove_file(&claim);
            result = fs::hard_link(&mark, &claim);
        }
        match result {
            Ok(()) => make_dir(&self.container(id)).map(|()| running).inspect_err(|_| drop(fs::remove_file(&claim))),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(taken(name, &claim)),
            Err(error) => Err(Error::os(format!("claim the name {name}"), error)),
        }
    }
    // ANCHOR_END: claim

    /// Whether the container that has this name is neither kept nor running.
    fn abandoned(&self, claim: &Path) -> bool {
        fs::read_to_string(claim).is_ok_and(|id| !self.running(&id).exists() && !self.container(&id).exists())
    }

    /// Mends what killed keepers left: a container that is to be removed at its end is removed, another one has
    /// ended. Costs one look at each running container. One that cannot be mended is left for the next sweep, and
    /// nobody else has to wait for it. False when something is left that only root of the user namespace can remove.
    ///
    /// # Errors
    /// When the marks cannot be read.
    // ANCHOR: sweep
    pub fn sweep(&self) -> Result<bool> {
        self.sweep_with(&|record| self.remove(record))
    }

    /// The same, when more than its own files has to be removed with a container.
    ///
    /// # Errors
    /// As [`State::sweep`].
    pub fn sweep_with(&self, remove: &dyn Fn(&Record) -> Result<()>) -> Result<bool> {
        let mut done = true;
        for id in names_in(&self.root.join("running"))? {
            let Ok(Some(running)) = Running::mark(self.running(&id), false) else { continue };
            if !self.mend(&id, remove).unwrap_or(false) {
                running.leave();
                done = false;
            }
        }
        Ok(done)
    }

    fn mend(&self, id: &str, remove: &dyn Fn(&Record) -> Result<()>) -> Result<bool> {
        let directory = self.container(id);
        let record = Record::read(&directory)?;
        let life = Life::read(&directory)?;
        // Its processes died with its monitor, but where SELinux took the kernel's promise of that back when their label
        // changed. The directory of their cgroup is still there.
        life.kill();
        // Another runtime's, of whose start nothing was written yet.
        Life::read(&directory.join(foreign::DIRECTORY))?.kill();
        cgroups::sweep(&|other| other != id);
        if let Some(record) = &record {
            record.options.cgroups.sweep(id);
        }
        match record {
            Some(record) if !record.options.remove => {
                if !life.started.is_empty() && life.exit_code.is_none() {
                    life.ended(137).write(&directory)?;
                }
                Ok(true)
            }
            // What the container wrote belongs to its own users.
            _ if !geteuid().is_root() && directory.exists() => Ok(false),
            Some(record) => remove(&record).map(|()| true),
            None => self.remove_unrecorded(id, &self.name_of(id)?).map(|()| true),
        }
    }
    // ANCHOR_END: sweep

    /// The name that a container claimed before it had a record; empty when there is none.
    fn name_of(&self, id: &str) -> Result<String> {
        let names = names_in(&self.root.join("container-names"))?;
        let is = |name: &String| fs::read_to_string(self.name(name)).is_ok_and(|owner| owner == id);
        Ok(names.into_iter().find(is).unwrap_or_default())
    }

    /// Removes a container that does not run, its name, and the file with its id.
    ///
    /// # Errors
    /// When something of it cannot be removed.
    pub fn remove(&self, record: &Record) -> Result<()> {
        let file = record.options.annotations.get(CID_FILE);
        // Another container may have taken it meanwhile.
        if let Some(file) = file.filter(|file| fs::read_to_string(file).is_ok_and(|owner| owner.trim() == record.id)) {
            let _ = fs::remove_file(file);
        }
        self.remove_unrecorded(&record.id, &record.name)
    }

    /// The same of one of which no more is known; its name may be empty.
    ///
    /// # Errors
    /// When something of it cannot be removed.
    pub(crate) fn remove_unrecorded(&self, id: &str, name: &str) -> Result<()> {
        let directory = self.container(id);
        remove::tree(&directory).map_err(|error| Error::os(format!("remove {}", directory.display()), error))?;
        let claim = self.name(name);
        let owner = |claim: &Path| process::file::read(claim, 64).ok();
        if !name.is_empty() && owner(&claim).is_some_and(|owner| owner == id.as_bytes()) {
            fs::remove_file(&claim).map_err(|error| Error::os(format!("remove {}", claim.display()), error))?;
        }
        Ok(())
    }

    /// Locks a container that is known and does not run; `None` when it runs.
    ///
    /// # Errors
    /// When the lock cannot be had at all.
    pub fn lock(&self, id: &str) -> Result<Option<Running>> {
        make_dir(&self.root.join("running"))?;
        // Somebody may just be looking whether it runs, which takes an instant.
        for _ in 0..200 {
            if let Some(running) = Running::mark(self.running(id), false)? {
                return Ok(Some(running));
            }
            if self.status(id)?.life.pid.is_some() {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(None)
    }

    /// Whether somebody keeps the container running.
    #[must_use]
    pub fn is_running(&self, id: &str) -> bool {
        Running::is_held(&self.running(id))
    }

    /// What the container does now.
    ///
    /// # Errors
    /// When its monitor's notes cannot be read.
    pub fn status(&self, id: &str) -> Result<Status> {
        let held = self.is_running(id);
        Ok(Life::read(&self.container(id))?.status(held))
    }

    /// The record of the container with this name, this id, or an id that begins so.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<Record> {
        let unknown = || {
            Error::new(format!("no container with name or ID \"{name}\" found: no such container"))
                .code(code::NO_CONTAINER)
        };
        if names::check(name).is_err() {
            return Err(unknown());
        }
        if let Ok(id) = fs::read_to_string(self.name(name))
            && let Some(record) = Record::read(&self.container(&id))?
        {
            return Ok(record);
        }
        if name.len() == 64 {
            return Record::read(&self.container(name))?.ok_or_else(unknown);
        }
        let ids = names_in(&self.root.join("containers"))?;
        let mut fitting = ids.iter().filter(|id| id.starts_with(name));
        match (fitting.next(), fitting.next()) {
            (Some(id), None) => Record::read(&self.container(id))?.ok_or_else(unknown),
            (Some(_), Some(_)) => {
                Err(Error::new(format!("more than one result for container name or ID {name}: container is ambiguous"))
                    .code(code::AMBIGUOUS))
            }
            _ => Err(unknown()),
        }
    }

    /// Gives a container another name.
    ///
    /// # Errors
    /// When another one has it.
    pub fn rename(&self, record: &Record, name: &str) -> Result<()> {
        let _names = running::lock_dir(&self.root.join("container-names"))?;
        let (old, new) = (self.name(&record.name), self.name(name));
        match fs::hard_link(&old, &new) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(taken(name, &new)),
            result => result.map_err(|error| Error::os(format!("claim the name {name}"), error))?,
        }
        // Between the two it has both names.
        Record { name: name.into(), ..record.clone() }.write(&self.container(&record.id))?;
        fs::remove_file(&old).map_err(|error| Error::os(format!("give up the name {}", record.name), error))
    }

    /// The records of all containers, but for those that cannot be read.
    ///
    /// # Errors
    /// When their directory cannot be read.
    pub fn list(&self) -> Result<Vec<Record>> {
        let ids = names_in(&self.root.join("containers"))?;
        Ok(ids.iter().filter_map(|id| Record::read(&self.container(id)).ok().flatten()).collect())
    }
}

fn taken(name: &str, claim: &Path) -> Error {
    let id = fs::read_to_string(claim).unwrap_or_default();
    Error::new(format!(
        "creating container storage: the container name \"{name}\" is already in use by {id}. You have to remove \
         that container to be able to reuse that name: that name is already in use"
    ))
    .code(code::NAME_IN_USE)
}

/// Makes a directory and its parents, for the owner alone.
pub(crate) fn make_dir(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Error::os(format!("create {}", path.display()), error))
}

/// Writes a new file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .map_err(|error| Error::os(format!("write {}", path.display()), error))
}

fn names_in(directory: &Path) -> Result<Vec<String>> {
    match fs::read_dir(directory) {
        Ok(entries) => Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::os(format!("read {}", directory.display()), error)),
    }
}
