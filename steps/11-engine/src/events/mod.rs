//! Events: what happened to containers, images and volumes, and when.
//!
//! There is no daemon that could tell: whoever does something writes a line into a file, and whoever wants to know
//! reads it, and waits by inotify(7) for more. One line is one write(2) with `O_APPEND`, so lines of many writers do not
//! mix; a full file is put aside under another name, of which there is one.

mod cli;
mod event;
mod filter;
mod follow;
mod read;
pub mod time;
mod write;

use std::path::{Path, PathBuf};

pub use cli::EVENTS;
pub use cli::SYSTEM_EVENTS;
pub use event::Event;
pub use filter::Filter;
pub use read::Query;

use crate::Engine;

/// When the file is put aside, in bytes.
const LIMIT: u64 = 1 << 20;
/// Longer lines are not written in one piece everywhere.
const LINE: usize = 4096;

/// The events of one user.
#[derive(Debug, Clone)]
pub struct Events {
    directory: PathBuf,
    limit: u64,
}

impl Events {
    /// Those that are written in `directory`.
    #[must_use]
    pub fn new(directory: &Path) -> Events {
        Events { directory: directory.into(), limit: LIMIT }
    }

    /// The same, and the file is put aside when it has so many bytes.
    #[must_use]
    pub fn limit(self, limit: u64) -> Events {
        Events { limit, ..self }
    }

    /// Those of whoever runs this: in `$XDG_RUNTIME_DIR/podling`, for root in `/run/podling`; below `root` where neither
    /// is.
    #[must_use]
    pub fn of_user(root: &Path) -> Events {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        let directory = match runtime {
            Some(runtime) => runtime.join("podling"),
            None if namespaces::itself::caller() == 0 => "/run/podling".into(),
            None => root.join("run"),
        };
        Events::new(&directory)
    }

    fn file(&self) -> PathBuf {
        self.directory.join("events.jsonl")
    }

    fn aside(&self) -> PathBuf {
        self.directory.join("events.jsonl.1")
    }

    /// Notes that something happened to a volume. That it cannot be noted is no reason for it not to have happened.
    pub fn volume(&self, status: &str, name: &str) {
        self.note(&Event { name: name.into(), ..Event::new("volume", status) });
    }

    /// The same for an image.
    pub fn image(&self, status: &str, id: &str, name: &str) {
        self.note(&Event { id: id.into(), name: name.into(), ..Event::new("image", status) });
    }

    /// Writes an event, if it can be.
    pub fn note(&self, event: &Event) {
        let _ = self.write(event);
    }
}

impl Engine {
    /// Its user's events.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::of_user(self.root())
    }
}
