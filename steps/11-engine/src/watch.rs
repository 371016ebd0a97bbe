//! Words with a container's monitor: a signal to pass on, an end to wait for.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use monitor::message::{Message, receive, send};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::MsgFlags;
use process::{Error, Result, code};

use crate::running::Running;
use crate::{Engine, Record, signal};

/// A connection to the monitor of a container that runs.
#[derive(Debug)]
pub struct Watch(OwnedFd);

impl Engine {
    /// Speaks to the container's monitor; `None` when it does not run.
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub fn watch(&self, record: &Record) -> Result<Option<Watch>> {
        if !self.state().is_running(&record.id) {
            return Ok(None);
        }
        Ok(monitor::dial(&self.state().container(&record.id))?.map(Watch))
    }

    /// Sends the container's first process a signal.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&self, record: &Record, number: u8) -> Result<()> {
        let status = self.status(record)?;
        let watch = self.watch(record)?.filter(|_| status.is_running()).ok_or_else(|| {
            Error::new(format!(
                "can only kill running containers. {} is in state {}: container state improper",
                record.id,
                status.phase.name()
            ))
            .code(code::NOT_RUNNING)
        })?;
        watch.signal(number);
        self.event("kill", record, &[("signal", number.to_string())]);
        Ok(())
    }

    /// Ends the container, first with its own signal and, when `timeout` is over, with SIGKILL; its restart policy does
    /// not start it again. Nothing is done when it does not run; false then.
    ///
    /// # Errors
    /// When it does not end.
    // ANCHOR: stop
    pub fn stop(&self, record: &Record, timeout: Option<Duration>) -> Result<bool> {
        let timeout = timeout.unwrap_or(Duration::from_secs(record.options.stop_timeout.unwrap_or(10)));
        let Some(watch) = self.watch(record)? else { return Ok(false) };
        // First the mark, then the signal: when it ends, its monitor must know why.
        crate::state::write(&self.state().container(&record.id).join("stop"), b"")?;
        let asked = record.options.stop_signal.as_deref().unwrap_or("SIGTERM");
        // One of an image's that nobody knows must not keep the container from its end.
        watch.signal(signal::parse(asked).unwrap_or(15));
        if watch.wait(Some(timeout))?.is_none() {
            // Not when there was no patience to lose.
            if !timeout.is_zero() {
                let (name, seconds) = (&record.name, timeout.as_secs());
                eprintln!("Warning: {asked} did not stop container {name} in {seconds} seconds, resorting to SIGKILL");
            }
            watch.signal(9);
            if watch.wait(Some(Duration::from_secs(30)))?.is_none() {
                return Err(Error::new(format!("the container {} did not end when it was killed", record.id))
                    .code(code::DOES_NOT_END));
            }
        }
        self.event("stop", record, &[]);
        Ok(true)
    }
    // ANCHOR_END: stop

    /// Waits until the container has ended, and returns its exit status.
    ///
    /// # Errors
    /// When it is gone, and its status with it.
    pub fn wait(&self, record: &Record) -> Result<u8> {
        if let Some(watch) = self.watch(record)?
            && let Some(Ended::With(status)) = watch.wait(None)?
        {
            return Ok(status);
        }
        Running::wait(&self.state().running(&record.id))?;
        self.state().sweep()?;
        Ok(self.status(record)?.life.exit_code.unwrap_or(0))
    }
}

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With this status.
    With(u8),
    /// Its monitor is gone without a word.
    Unknown,
}

impl Watch {
    /// Lets the monitor send the container a signal; it may have ended just now.
    pub fn signal(&self, number: u8) {
        let _ = send(&self.0, &Message::Signal(number));
    }

    /// Waits for the end; `None` when the time is over.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Option<Ended>> {
        let end = timeout.map(|timeout| Instant::now() + timeout);
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let patience = match left {
                None => PollTimeout::NONE,
                // Not less than what is left: to look again a little later is better than to spin.
                Some(left) => PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX),
            };
            match poll(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], patience) {
                Ok(0) if left.is_some_and(|left| left.is_zero()) => return Ok(None),
                Ok(0) | Err(Errno::EINTR) => continue,
                Err(errno) => return Err(Error::os("wait for the container's end", errno)),
                Ok(_) => {}
            }
            match receive(&self.0, MsgFlags::empty()) {
                Ok(Some(Message::Exited(status))) => return Ok(Some(Ended::With(status))),
                Ok(Some(Message::Failed(error))) => return Ok(Some(Ended::With(error.status()))),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(Some(Ended::Unknown)),
                Err(errno) => return Err(Error::os("hear from the container's monitor", errno)),
            }
        }
    }
}
