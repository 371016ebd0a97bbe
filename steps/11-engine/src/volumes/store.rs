//! Making, finding and removing volumes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use process::{Error, Result, code};

use super::{Volume, Volumes};
use crate::names;
use crate::record::{read, replace};
use crate::state::make_dir;
use crate::status::now;

impl Volumes {
    /// Makes one; without a name it gets a random one.
    ///
    /// # Errors
    /// When there is one of this name; when the name or an option cannot be.
    pub fn create(
        &self,
        name: Option<&str>,
        labels: BTreeMap<String, String>,
        options: BTreeMap<String, String>,
    ) -> Result<Volume> {
        check_options(&options)?;
        let name = name.filter(|name| !name.is_empty()).map_or_else(names::id, |name| Ok(name.to_string()))?;
        let volume = Volume { name, labels, options, ..Volume::default() };
        self.make(volume)?.map_err(|name| {
            Error::new(format!("volume with name {name} already exists: volume already exists"))
                .code(code::VOLUME_EXISTS)
        })
    }

    /// The volume of this name, made when there is none.
    ///
    /// # Errors
    /// When the name cannot be.
    pub fn ensure(&self, name: &str, anonymous: bool) -> Result<Volume> {
        loop {
            if let Some(volume) = self.get(name)? {
                return Ok(volume);
            }
            let volume = Volume { name: name.into(), anonymous, ..Volume::default() };
            let made = self.make(volume).map_err(|error| {
                Error::because(format!("creating named volume {name:?}"), error).code(code::BAD_REFERENCE)
            });
            // Somebody else made it just now, and may just have removed it.
            if let Ok(volume) = made? {
                return Ok(volume);
            }
        }
    }

    /// Makes it; the inner error is a name that is taken.
    // ANCHOR: make
    fn make(&self, volume: Volume) -> Result<Result<Volume, String>> {
        names::check(&volume.name)
            .map_err(|words| Error::because("running volume create option", words).code(code::BAD_REFERENCE))?;
        make_dir(&self.directory)?;
        self.sweep();
        let volume = Volume { created: now(), needs_copy_up: true, needs_chown: true, ..volume };
        // As long as the lock is held, nobody takes the draft for a dead one's.
        let (draft, _lock) = self.draft()?;
        let failed = |error| Error::os(format!("create {}", draft.display()), error);
        let data = draft.join("_data");
        fs::create_dir(&data).map_err(failed)?;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        replace(&draft.join("volume.json"), &volume)?;
        // One that is there is never empty, so this does not replace it.
        match fs::rename(&draft, self.place(&volume.name)) {
            Ok(()) => {
                self.tell("create", &volume.name);
                Ok(Ok(volume))
            }
            Err(error) => {
                let _ = fs::remove_dir_all(&draft);
                match error.kind() {
                    ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists => Ok(Err(volume.name)),
                    _ => Err(failed(error)),
                }
            }
        }
    }
    // ANCHOR_END: make

    /// An empty directory that is ours. A sweep may come between its making and its lock, and take it away.
    fn draft(&self) -> Result<(PathBuf, Flock<File>)> {
        loop {
            let draft = self.directory.join(format!(".new-{}", names::id()?));
            make_dir(&draft)?;
            match lock(&draft, FlockArg::LockExclusive) {
                Ok(lock) if is_at(&lock, &draft) => return Ok((draft, lock)),
                Err(error) if draft.exists() => return Err(error),
                _ => {}
            }
        }
    }

    /// The volume of exactly this name.
    ///
    /// # Errors
    /// When what is known of it cannot be read.
    pub fn get(&self, name: &str) -> Result<Option<Volume>> {
        match names::check(name) {
            Ok(name) => read(&self.place(&name).join("volume.json")),
            Err(_) => Ok(None),
        }
    }

    /// The volume of this name, or the only one whose name begins so.
    ///
    /// # Errors
    /// When there is none (exit status 1), or more than one.
    pub fn find(&self, name: &str) -> Result<Volume> {
        if let Some(volume) = self.get(name)? {
            return Ok(volume);
        }
        let mut fitting = self.list()?.into_iter().filter(|volume| !name.is_empty() && volume.name.starts_with(name));
        match (fitting.next(), fitting.next()) {
            (Some(volume), None) => Ok(volume),
            (Some(_), Some(_)) => {
                Err(Error::new(format!("more than one result for volume name {name:?}: volume already exists"))
                    .code(code::AMBIGUOUS))
            }
            _ => Err(Error::new(format!("no volume with name {name:?} found: no such volume"))
                .code(code::NO_VOLUME)
                .exit(1)),
        }
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// When their directory cannot be read.
    pub fn list(&self) -> Result<Vec<Volume>> {
        let mut volumes: Vec<Volume> = Vec::new();
        for name in self.names()?.into_iter().filter(|name| !name.starts_with('.')) {
            // Removed while we looked, or damaged: the others are still there.
            volumes.extend(self.get(&name).ok().flatten());
        }
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(volumes)
    }

    fn names(&self) -> Result<Vec<String>> {
        match fs::read_dir(&self.directory) {
            Ok(entries) => Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Error::os(format!("read {}", self.directory.display()), error)),
        }
    }

    /// Locks a volume that is there; nobody else changes or removes it as long as this lives.
    pub(super) fn lock(&self, name: &str) -> Result<Option<Flock<File>>> {
        let place = self.place(name);
        loop {
            if !place.exists() {
                return Ok(None);
            }
            let lock = lock(&place, FlockArg::LockExclusive);
            // While we waited it may have been removed, and made anew.
            match lock {
                Ok(lock) if is_at(&lock, &place) => return Ok(Some(lock)),
                Err(error) if place.exists() => return Err(error),
                _ => {}
            }
        }
    }

    /// Writes what is known of a volume that we have locked.
    pub(super) fn save(&self, volume: &Volume) -> Result<()> {
        replace(&self.place(&volume.name).join("volume.json"), volume)
    }

    /// Removes a volume that no container uses: `users` gives the ids of those that do. The caller is root of the user's
    /// namespace, for the content belongs to the containers' users.
    ///
    /// # Errors
    /// When it is not there (exit status 1), when it is used (2).
    pub fn remove(&self, name: &str, users: &dyn Fn(&str) -> Result<Vec<String>>) -> Result<()> {
        self.bury(name, users, "remove")
    }

    /// The same, and `status` is what is told of it.
    // ANCHOR: remove
    pub(super) fn bury(&self, name: &str, users: &dyn Fn(&str) -> Result<Vec<String>>, status: &str) -> Result<()> {
        let Some(lock) = self.lock(name)? else {
            return Err(Error::new(format!("no volume with name {name:?} found: no such volume"))
                .code(code::NO_VOLUME)
                .exit(1));
        };
        // A container's record is written before its volumes are made: whoever is not seen here makes a new one.
        let users = users(name)?;
        if !users.is_empty() {
            let words = "is being used by the following container(s)";
            return Err(Error::new(format!("volume {name} {words}: {}: volume is being used", users.join(", ")))
                .code(code::VOLUME_IN_USE)
                .exit(2));
        }
        let grave = self.directory.join(format!(".old-{}", names::id()?));
        fs::rename(self.place(name), &grave).map_err(|error| Error::os(format!("remove the volume {name}"), error))?;
        self.tell(status, name);
        let removed = fs::remove_dir_all(&grave);
        drop(lock);
        removed.map_err(|error| Error::os(format!("remove the content of the volume {name}"), error))
    }
    // ANCHOR_END: remove

    /// Removes what those left who were killed while they made or removed a volume; what cannot be removed now, as it takes
    /// root of the user's namespace, is left for later.
    pub(super) fn sweep(&self) {
        for name in self.names().unwrap_or_default().into_iter().filter(|name| name.starts_with('.')) {
            let place = self.directory.join(name);
            if let Ok(_lock) = lock(&place, FlockArg::LockExclusiveNonblock) {
                let _ = fs::remove_dir_all(&place);
            }
        }
    }
}

fn lock(directory: &Path, how: FlockArg) -> Result<Flock<File>> {
    let failed = |error: std::io::Error| Error::os(format!("lock {}", directory.display()), error);
    let file = File::open(directory).map_err(failed)?;
    Flock::lock(file, how).map_err(|(_, errno)| failed(errno.into()))
}

fn is_at(lock: &Flock<File>, place: &Path) -> bool {
    fs::metadata(place)
        .is_ok_and(|there| lock.metadata().is_ok_and(|ours| (there.dev(), there.ino()) == (ours.dev(), ours.ino())))
}

/// The driver `local` knows a directory of the host that is bound; what else mount(8) can do takes more rights than
/// an ordinary user has.
fn check_options(options: &BTreeMap<String, String>) -> Result<()> {
    for (name, value) in options {
        match (name.as_str(), value.as_str()) {
            ("type", "none" | "bind" | "") | ("device", _) => {}
            ("o", words) => {
                if let Some(word) = words.split(',').find(|word| !["bind", "rbind", "rw", ""].contains(word)) {
                    return Err(Error::new(format!("mount option {word:?} of a volume is not supported yet"))
                        .code(code::VOLUME_OPTION));
                }
            }
            ("type", kind) => {
                return Err(
                    Error::new(format!("volumes of type {kind:?} are not supported yet")).code(code::VOLUME_OPTION)
                );
            }
            (name, _) => {
                return Err(Error::new(format!("invalid mount option {name} for driver 'local': invalid argument"))
                    .code(code::VOLUME_OPTION));
            }
        }
    }
    match options.get("device") {
        Some(device) if !device.starts_with('/') => {
            Err(Error::new(format!("device {device:?} of a volume is not an absolute path")).code(code::VOLUME_OPTION))
        }
        None if options.contains_key("o") || options.contains_key("type") => {
            Err(Error::new("must provide device path for bind volumes: invalid argument").code(code::VOLUME_OPTION))
        }
        _ => Ok(()),
    }
}
