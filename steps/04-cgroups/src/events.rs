//! What has happened in a cgroup, and waiting for it (cgroup-v2.rst, "Populated Notification": a file whose content
//! changes wakes whoever polls it).

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::{Error, Result};

use crate::{Cgroup, files};

/// One of its files of events, open to be waited for.
#[derive(Debug)]
pub struct Events {
    file: File,
    name: String,
    text: String,
}

impl Cgroup {
    /// `cgroup.events`: `populated`, whether a process is in it or below it, and `frozen`.
    ///
    /// # Errors
    /// When the cgroup is gone.
    pub fn events(&self) -> Result<Events> {
        Events::open(&self.path().join("cgroup.events"))
    }

    /// `memory.events`: how often memory had to be taken back (`low`, `high`), how often there was none (`max`, `oom`), and
    /// how many processes the kernel killed for it (`oom_kill`).
    ///
    /// # Errors
    /// When the cgroup is gone, or its memory is not measured.
    pub fn memory_events(&self) -> Result<Events> {
        Events::open(&self.path().join("memory.events"))
    }
}

impl Events {
    fn open(path: &Path) -> Result<Events> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Error::os(format!("open {name}"), error))?;
        let mut events = Events { file, name, text: String::new() };
        events.read()?;
        Ok(events)
    }

    /// The number that was there when the file was read last; 0 for one that the kernel does not have.
    #[must_use]
    pub fn get(&self, key: &str) -> u64 {
        files::field(&self.text, key).unwrap_or(0)
    }

    // ANCHOR: wait
    /// Waits until `done` is true of what the file says. False when it is not in time; the file of a cgroup that is
    /// gone says nothing any more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn wait(&mut self, patience: Duration, done: impl Fn(&Events) -> bool) -> Result<bool> {
        let end = Instant::now() + patience;
        loop {
            if done(self) {
                return Ok(true);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            // Not data, which is always there, but a change since it was read last.
            let mut change = [PollFd::new(self.file.as_fd(), PollFlags::POLLPRI)];
            match poll(&mut change, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
                Ok(_) | Err(Errno::EINTR) if self.read()? => {}
                // Nothing will change any more.
                Ok(_) | Err(Errno::EINTR) => return Ok(done(self)),
                Err(errno) => return Err(Error::os(format!("wait for {}", self.name), errno)),
            }
        }
    }
    // ANCHOR_END: wait

    /// False when the cgroup has been removed.
    fn read(&mut self) -> Result<bool> {
        self.text.clear();
        match self.file.rewind().and_then(|()| self.file.read_to_string(&mut self.text)) {
            Err(error) if error.raw_os_error() == Some(nix::libc::ENODEV) => Ok(false),
            Err(error) => Err(Error::os(format!("read {}", self.name), error)),
            Ok(_) => Ok(true),
        }
    }
}
