//! Reading what was written.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use process::{Error, Result};

use super::{Event, Events, Filter, filter};

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// After this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Of each kind of filter one has to fit.
    pub filters: Vec<Filter>,
    /// Nobody listens any more: whoever follows ends.
    pub left: Option<Arc<AtomicBool>>,
}

impl Query {
    /// Whether an event is wanted.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        self.since.is_none_or(|since| event.time > since)
            && self.until.is_none_or(|until| event.time < until)
            && filter::wanted(&self.filters, event)
    }
}

/// A file that is read as it grows.
pub(super) struct Lines {
    file: File,
    rest: Vec<u8>,
}

impl Lines {
    pub fn open(path: &Path) -> Result<Option<Lines>> {
        match File::open(path) {
            Ok(file) => Ok(Some(Lines { file, rest: Vec::new() })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::os(format!("open {}", path.display()), error)),
        }
    }

    /// Whether it is what `path` leads to.
    pub fn is_at(&self, path: &Path) -> bool {
        let Ok(there) = std::fs::metadata(path) else { return false };
        self.file.metadata().is_ok_and(|ours| (there.dev(), there.ino()) == (ours.dev(), ours.ino()))
    }

    /// The events that are new since the last time. Lines that are none are passed over: a disk may have been full.
    pub fn more(&mut self) -> Result<Vec<Event>> {
        self.file.read_to_end(&mut self.rest).map_err(|error| Error::os("read events", error))?;
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.rest.drain(..whole).collect();
        Ok(lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}

impl Events {
    /// The file that is written to now, and the one put aside before.
    pub(super) fn open_both(&self) -> Result<(Option<Lines>, Option<Lines>)> {
        loop {
            let now = Lines::open(&self.file())?;
            let before = Lines::open(&self.aside())?;
            // Put aside between the two: there is a newer one.
            if now.as_ref().is_none_or(|now| !now.is_at(&self.aside())) {
                return Ok((now, before));
            }
        }
    }

    /// All events that are wanted, the oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(&self, query: &Query) -> Result<Vec<Event>> {
        let (now, before) = self.open_both()?;
        let mut events = Vec::new();
        for mut lines in before.into_iter().chain(now) {
            events.extend(lines.more()?.into_iter().filter(|event| query.wants(event)));
        }
        Ok(events)
    }
}
