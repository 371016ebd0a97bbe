//! What the engine keeps of its containers, beside the images in the same root:
//!
//! ```text
//! containers/ID/container.json   the record
//! containers/ID/{upper,work,merged}
//! mountpoints/                   below every container's layers: an empty place for each mount
//! container-names/NAME           the ID that has the name
//! running/ID                     locked while the container runs: when the lock is free, its keeper is dead
//! ```
//!
//! Nothing else says that a container runs, so a crash at any instant leaves nothing that is not seen.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use process::{Error, Result};

use crate::Record;
use crate::running::{self, Running};

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

    fn running(&self, id: &str) -> PathBuf {
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
        for directory in ["containers", "running", "container-names"] {
            make_dir(&self.root.join(directory))?;
        }
        // Nobody else knows the id; but a sweep may just be looking at the mark.
        let running = Running::mark(self.running(id), true)?;
        let running = running.ok_or_else(|| Error::new(format!("container {id} is running")))?;
        // One at a time, or two could take over the same abandoned name.
        let _names = running::lock_dir(&self.root.join("container-names"))?;
        // A file that has its content before it has its name: nobody sees half a claim.
        let claim = self.name(name);
        let draft = self.name(&format!(".{id}"));
        write(&draft, id.as_bytes())?;
        let mut result = fs::hard_link(&draft, &claim);
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) && self.abandoned(&claim) {
            let _ = fs::remove_file(&claim);
            result = fs::hard_link(&draft, &claim);
        }
        let _ = fs::remove_file(&draft);
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
    /// nobody else has to wait for it.
    ///
    /// # Errors
    /// When the marks cannot be read.
    // ANCHOR: sweep
    pub fn sweep(&self) -> Result<()> {
        for id in names_in(&self.root.join("running"))? {
            let Ok(Some(running)) = Running::mark(self.running(&id), false) else { continue };
            if self.mend(&id).is_err() {
                running.leave();
            }
        }
        Ok(())
    }

    fn mend(&self, id: &str) -> Result<()> {
        match Record::read(&self.container(id))? {
            Some(record) if record.remove => self.remove(id, &record.name),
            Some(record) if record.exit_code.is_none() => record.exited(137).write(&self.container(id)),
            Some(_) => Ok(()),
            None => self.remove(id, &self.name_of(id)?),
        }
    }
    // ANCHOR_END: sweep

    /// The name that a container claimed before it had a record; empty when there is none.
    fn name_of(&self, id: &str) -> Result<String> {
        let names = names_in(&self.root.join("container-names"))?;
        let is = |name: &String| fs::read_to_string(self.name(name)).is_ok_and(|owner| owner == id);
        Ok(names.into_iter().find(|name| !name.starts_with('.') && is(name)).unwrap_or_default())
    }

    /// Removes a container that does not run, and its name.
    ///
    /// # Errors
    /// When something of it cannot be removed.
    pub fn remove(&self, id: &str, name: &str) -> Result<()> {
        let directory = self.container(id);
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::os(format!("remove {}", directory.display()), error));
            }
            _ => {}
        }
        let _ = fs::remove_file(self.name(&format!(".{id}")));
        let claim = self.name(name);
        if !name.is_empty() && fs::read_to_string(&claim).is_ok_and(|owner| owner == id) {
            fs::remove_file(&claim).map_err(|error| Error::os(format!("remove {}", claim.display()), error))?;
        }
        Ok(())
    }

    /// Locks a container that is known and does not run.
    ///
    /// # Errors
    /// When it runs.
    pub fn lock(&self, id: &str) -> Result<Running> {
        make_dir(&self.root.join("running"))?;
        Running::mark(self.running(id), false)?.ok_or_else(|| Error::new(format!("container {id} is running")))
    }

    /// Whether somebody keeps the container running.
    #[must_use]
    pub fn is_running(&self, id: &str) -> bool {
        Running::is_held(&self.running(id))
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
