//! Writing.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::{Flock, FlockArg};
use process::{Error, Result, code};

use super::{Event, Events, LINE};
use crate::state::make_dir;

impl Events {
    /// Writes an event: open, write, close, when nothing is to be made or put aside.
    ///
    /// # Errors
    /// When the file cannot be written.
    // ANCHOR: write
    pub fn write(&self, event: &Event) -> Result<()> {
        let failed = |error| Error::os(format!("write {}", self.file().display()), error);
        let line = line(event)?;
        let mut file = self.open()?;
        // All or nothing, and behind whatever another one has just written.
        file.write_all(line.as_bytes()).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() > self.limit {
            self.put_aside()?;
        }
        Ok(())
    }
    // ANCHOR_END: write

    fn open(&self) -> Result<File> {
        let path = self.file();
        let open = || OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        let file = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_dir(&self.directory)?;
                open()
            }
            file => file,
        };
        file.map_err(|error| Error::os(format!("open {}", path.display()), error))
    }

    /// The full file gets its other name. One at a time, and only who still finds it full: the next one would put
    /// the new file over the one that was just put aside.
    // ANCHOR: aside
    fn put_aside(&self) -> Result<()> {
        let failed = |error: std::io::Error| Error::os(format!("put {} aside", self.file().display()), error);
        let path = self.directory.join("events.lock");
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        let lock = lock.map_err(failed)?;
        let _lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| failed(errno.into()))?;
        match fs::metadata(self.file()) {
            Ok(found) if found.len() > self.limit => fs::rename(self.file(), self.aside()).map_err(failed),
            _ => Ok(()),
        }
    }
    // ANCHOR_END: aside
}

/// The line of an event; attributes that would make it too long are left out, the longest first.
fn line(event: &Event) -> Result<String> {
    let mut event = event.clone();
    loop {
        let line = serde_json::to_string(&event)
            .map_err(|error| Error::because("write an event", error).code(code::INTERNAL))?;
        let longest = event.attributes.iter().max_by_key(|(name, value)| name.len() + value.len());
        match longest.map(|(name, _)| name.clone()) {
            Some(name) if line.len() >= LINE => drop(event.attributes.remove(&name)),
            _ => return Ok(line + "\n"),
        }
    }
}
