//! Volumes: directories that outlive the containers that use them.
//!
//! ```text
//! volumes/NAME/volume.json   what it is; locked by a lock on the directory NAME
//! volumes/NAME/_data         its content, whose owners are the containers' users
//! volumes/.new-ID            one that is being made: it gets its name when it is whole
//! volumes/.old-ID            one that is being removed: it had a name
//! ```
//!
//! Names are given and taken by rename(2), so under its name a volume is whole or not there, whenever we are killed. What
//! is left under a name with a dot is nobody's when its lock is free, and the next one to make or remove a volume
//! removes it.

mod attach;
mod chown;
pub(crate) mod cli;
mod filter;
mod store;
mod users;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Engine;
use crate::events::Events;

pub use chown::chown;

/// A volume, as it is on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// Its name; 64 hexadecimal digits when nobody gave it one.
    pub name: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// What its driver was told: `device` and `o` of a directory of the host.
    pub options: BTreeMap<String, String>,
    /// It was made for one container, and is removed with it.
    pub anonymous: bool,
    /// The first container to use it fills it with what its image has in that place.
    pub needs_copy_up: bool,
    /// The first container to use it becomes its owner.
    pub needs_chown: bool,
    /// Somebody was filling it: what is in it is a part.
    pub filling: bool,
}

/// The volumes below an engine's root.
#[derive(Debug, Clone)]
pub struct Volumes {
    directory: PathBuf,
    /// Where it is told that one was made or removed.
    events: Option<Events>,
}

impl Volumes {
    /// The volumes of the engine in `root`; nobody is told what happens to them.
    #[must_use]
    pub fn new(root: &Path) -> Volumes {
        Volumes { directory: root.join("volumes"), events: None }
    }

    fn tell(&self, status: &str, name: &str) {
        if let Some(events) = &self.events {
            events.volume(status, name);
        }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Where the content of the volume `name` is.
    #[must_use]
    pub fn mountpoint(&self, name: &str) -> PathBuf {
        self.place(name).join("_data")
    }

    /// What is mounted: the volume's own directory, or the one of the host that it stands for.
    #[must_use]
    pub fn source(&self, volume: &Volume) -> PathBuf {
        volume.options.get("device").map_or_else(|| self.mountpoint(&volume.name), PathBuf::from)
    }
}

impl Engine {
    /// Its volumes.
    #[must_use]
    pub fn volumes(&self) -> Volumes {
        Volumes { events: Some(self.events()), ..Volumes::new(self.root()) }
    }
}
