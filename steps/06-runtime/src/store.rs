//! Where the state of containers is kept: a directory each, that is its lock as well.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use process::{Error, Result, code};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::record::{CONFIG, REPORT, Record, STATE, WORD};
use crate::{bundle, globals};

/// What is known of a container is less than its configuration, out of which it comes.
const LIMIT: usize = 32 << 20;

/// The directory of all containers.
pub(crate) struct Store {
    root: PathBuf,
}

/// The directory of one container.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    id: String,
    directory: PathBuf,
}

/// A container that nobody else changes meanwhile.
pub(crate) struct Locked {
    place: Place,
    _lock: Flock<File>,
}

impl Store {
    /// Where the command line has it.
    pub(crate) fn open() -> Result<Store> {
        Ok(Store { root: globals::get().root()? })
    }

    /// The place of a container that may be there or not.
    pub(crate) fn place(&self, id: &str) -> Result<Place> {
        // Once more, whoever calls: no path is built of what is no id.
        let id = bundle::check_id(id).map_err(|words| Error::new(words).code(code::BAD_VALUE))?;
        Ok(Place { directory: self.root.join(&id), id })
    }

    /// Makes the place of a new container, all at once: whoever finds it finds what is known of it, too.
    // ANCHOR: claim
    pub(crate) fn claim(&self, record: &Record, config: &[u8]) -> Result<Place> {
        let failed = |error: io::Error| Error::os(format!("make {}", self.root.display()), error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.root).map_err(failed)?;
        self.sweep();
        let place = self.place(&record.id)?;
        let draft = Place { directory: self.root.join(format!(".{}", std::process::id())), ..place.clone() };
        DirBuilder::new().mode(0o700).create(&draft.directory).map_err(failed)?;
        let written = text_of(record).and_then(|text| {
            // Nobody looks for it here, so there is no old one to keep.
            write(&draft.file(STATE), &text).and_then(|()| write(&draft.file(CONFIG), config))
        });
        // One of two that come at once gets the name, and the other one does not.
        let claimed = written.and_then(|()| {
            renameat_with(CWD, &draft.directory, CWD, &place.directory, RenameFlags::NOREPLACE).map_err(|errno| {
                match errno {
                    Errno::EXIST => Error::new(format!("a container with the id {} already exists", record.id))
                        .code(code::NAME_IN_USE),
                    _ => Error::os(format!("make {}", place.directory.display()), errno),
                }
            })
        });
        if claimed.is_err() {
            let _ = fs::remove_dir_all(&draft.directory);
        }
        claimed.map(|()| place)
    }
    // ANCHOR_END: claim

    /// What somebody was killed over, named after that process.
    fn sweep(&self) {
        let name = |entry: &fs::DirEntry| entry.file_name().to_str()?.strip_prefix('.').map(str::to_owned);
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            if name(&entry).is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// All containers, by their ids.
    pub(crate) fn list(&self) -> Result<Vec<Record>> {
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| Error::os(format!("list {}", self.root.display()), error))?,
        };
        let ids = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        // One that is being made, or is gone since we looked, has nothing to read.
        let mut found: Vec<Record> = ids.filter_map(|id| self.place(&id).ok()?.read().ok()).collect();
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }
}

impl Place {
    /// A file of it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Whether there is such a container.
    pub(crate) fn is_there(&self) -> bool {
        self.directory.exists()
    }

    fn missing(&self) -> Error {
        Error::new(format!("container {} does not exist", self.id)).code(code::NO_CONTAINER)
    }

    /// Waits until nobody else changes it.
    // ANCHOR: lock
    pub(crate) fn lock(self) -> Result<Locked> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => self.missing(),
            _ => Error::os(format!("lock {}", self.directory.display()), error),
        };
        let directory = File::open(&self.directory).map_err(failed)?;
        let lock = Flock::lock(directory, FlockArg::LockExclusive).map_err(|(_, errno)| failed(errno.into()))?;
        // While we waited it may have been removed, and another one made of that name: that one we have not locked.
        let (ours, now) = (lock.metadata().map_err(failed)?, fs::metadata(&self.directory).map_err(failed)?);
        match (ours.dev(), ours.ino()) == (now.dev(), now.ino()) {
            true => Ok(Locked { place: self, _lock: lock }),
            false => Err(self.missing()),
        }
    }
    // ANCHOR_END: lock

    /// What is known of it.
    pub(crate) fn read(&self) -> Result<Record> {
        let path = self.file(STATE);
        let text = process::file::read(&path, LIMIT).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.missing(),
            _ => Error::os(format!("read {}", path.display()), error),
        })?;
        serde_json::from_slice(&text)
            .map_err(|error| Error::because(format!("parse {}", path.display()), error).code(code::DAMAGED_STATE))
    }

    /// Writes what is known of it: there is the old state or the new one.
    pub(crate) fn write(&self, record: &Record) -> Result<()> {
        replace(&self.file(STATE), &text_of(record)?)
    }
}

impl Locked {
    /// Its place.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Removes all that is known of it.
    pub(crate) fn remove(self) -> Result<()> {
        let directory = &self.place.directory;
        // By another name first: who looks for it finds all of it or nothing.
        let gone = directory.with_file_name(format!(".{}", std::process::id()));
        let removed = fs::rename(directory, &gone).and_then(|()| {
            for name in [STATE, CONFIG, REPORT, WORD] {
                let _ = fs::remove_file(gone.join(name));
            }
            // There is nothing else, unless somebody was killed while writing.
            fs::remove_dir(&gone).or_else(|_| fs::remove_dir_all(&gone))
        });
        removed.map_err(|error| Error::os(format!("remove {}", directory.display()), error))
    }
}

fn text_of(record: &Record) -> Result<Vec<u8>> {
    serde_json::to_vec(record)
        .map_err(|error| Error::because("write the container's state", error).code(code::INTERNAL))
}

/// Writes a new file.
fn write(path: &Path, text: &[u8]) -> Result<()> {
    let written = File::create(path).and_then(|mut file| file.write_all(text));
    written.map_err(|error| Error::os(format!("write {}", path.display()), error))
}

/// Writes a file whole: who reads it meanwhile finds the old one or the new one.
pub(crate) fn replace(path: &Path, text: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let draft = path.with_file_name(name);
    let written = write(&draft, text)
        .and_then(|()| fs::rename(&draft, path).map_err(|error| Error::os(format!("write {}", path.display()), error)));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}
