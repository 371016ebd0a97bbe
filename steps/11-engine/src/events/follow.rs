//! Waiting for what is written next.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::{Error, Result};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use super::read::Lines;
use super::{Event, Events, Query};
use crate::state::make_dir;

/// How often, in milliseconds, to look whether somebody still listens.
const LOOK: u16 = 500;

impl Events {
    /// Calls `each` with every event that is wanted, also those that are yet to come, until the query's end or until
    /// `each` fails; those from before only with `past`.
    ///
    /// # Errors
    /// When events cannot be read; the error of `each`.
    // ANCHOR: follow
    pub fn follow(&self, query: &Query, past: bool, mut each: impl FnMut(&Event) -> Result<()>) -> Result<()> {
        make_dir(&self.directory)?;
        // First the watch, then the look: what is written between the two wakes us.
        let watch = self.watch()?;
        let (mut now, before) = self.open_both()?;
        if let Some(mut lines) = before {
            show(&lines.more()?, query, past, &mut each)?;
        }
        let mut past = past;
        loop {
            let events = now.as_mut().map_or(Ok(Vec::new()), Lines::more)?;
            show(&events, query, past, &mut each)?;
            past = true;
            // Read to its end, it may have been put aside.
            if now.as_ref().is_none_or(|now| !now.is_at(&self.file()))
                && let Some(next) = Lines::open(&self.file())?
            {
                let last = now.replace(next).map_or(Ok(Vec::new()), |mut last| last.more())?;
                show(&last, query, past, &mut each)?;
                continue;
            }
            if !wait(&watch, query)? {
                return Ok(());
            }
        }
    }
    // ANCHOR_END: follow

    fn watch(&self) -> Result<OwnedFd> {
        let failed = |errno| Error::os(format!("watch {}", self.directory.display()), errno);
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(failed)?;
        let flags = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_FROM | WatchFlags::ONLYDIR;
        inotify::add_watch(&watch, &self.directory, flags).map_err(failed)?;
        Ok(watch)
    }
}

fn show(events: &[Event], query: &Query, past: bool, each: &mut impl FnMut(&Event) -> Result<()>) -> Result<()> {
    events.iter().filter(|event| past && query.wants(event)).try_for_each(each)
}

/// Waits for the next change, or a while; false when the time is over, or nobody listens any more.
fn wait(watch: &OwnedFd, query: &Query) -> Result<bool> {
    if query.left.as_ref().is_some_and(|left| left.load(Ordering::Relaxed)) {
        return Ok(false);
    }
    let timeout = match query.until {
        None if query.left.is_some() => PollTimeout::from(LOOK),
        None => PollTimeout::NONE,
        Some(until) => {
            let left = until.as_millisecond() - Timestamp::now().as_millisecond();
            if left < 0 {
                return Ok(false);
            }
            // One more than is left, so that it is over then; a far end is looked at again.
            PollTimeout::from(u16::try_from(left + 1).unwrap_or(u16::MAX).min(if query.left.is_some() {
                LOOK
            } else {
                u16::MAX
            }))
        }
    };
    match poll(&mut [PollFd::new(watch.as_fd(), PollFlags::POLLIN)], timeout) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(Error::os("wait for events", errno)),
    }
    // What has changed is found out by looking.
    let mut buffer = [0; 4096];
    while rustix::io::read(watch, &mut buffer).is_ok_and(|count| count > 0) {}
    Ok(true)
}
