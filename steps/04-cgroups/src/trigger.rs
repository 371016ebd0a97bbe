//! Being woken when processes wait too much, instead of looking again and again: triggers of pressure stall information
//! (Documentation/accounting/psi.rst, "Monitoring for pressure thresholds").

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::{Error, Result};

use crate::{Cgroup, Resource};

/// How much is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trigger {
    /// All processes at once stood still, and not only one of them.
    pub full: bool,
    /// For so long in all.
    pub stall: Duration,
    /// Within this time: half a second to ten. For who lacks `CAP_SYS_RESOURCE` a multiple of two seconds (Linux 6.5).
    pub window: Duration,
}

/// A trigger that is set, until this is dropped.
#[derive(Debug)]
pub struct Alarm {
    file: File,
    path: PathBuf,
}

impl Resource {
    /// As the kernel calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Memory => "memory",
            Resource::Io => "io",
        }
    }
}

impl Cgroup {
    /// Sets a trigger for the processes in it.
    ///
    /// # Errors
    /// When the kernel measures no pressure, or does not take the trigger.
    pub fn alarm(&self, resource: Resource, trigger: Trigger) -> Result<Alarm> {
        trigger.set(self.path().join(format!("{}.pressure", resource.name())))
    }
}

impl Trigger {
    /// Sets it for all processes of the system.
    ///
    /// # Errors
    /// As [`Cgroup::alarm`].
    pub fn of_system(self, resource: Resource) -> Result<Alarm> {
        self.set(Path::new("/proc/pressure").join(resource.name()))
    }

    // ANCHOR: set
    fn set(self, path: PathBuf) -> Result<Alarm> {
        let failed = |error: std::io::Error| self.failed(&path, &error);
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed)?;
        let share = if self.full { "full" } else { "some" };
        // In one write, and the trigger is there as long as the file is open.
        let text = format!("{share} {} {}\0", self.stall.as_micros(), self.window.as_micros());
        file.write_all(text.as_bytes()).map_err(failed)?;
        Ok(Alarm { file, path })
    }
    // ANCHOR_END: set

    fn failed(self, path: &Path, error: &std::io::Error) -> Error {
        let tried = format!("set a trigger of {:?} in {:?} on {}", self.stall, self.window, path.display());
        let failed = Error::os(tried, error.raw_os_error().map_or(Errno::EIO, Errno::from_raw));
        match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENOENT | Errno::EOPNOTSUPP) => {
                failed.hint("this kernel measures no pressure: it was built without CONFIG_PSI, or started without psi=1")
            }
            Some(Errno::EINVAL) => failed.hint(
                "a window is half a second to ten and longer than the stall; for an ordinary user it is a multiple of two",
            ),
            Some(Errno::EPERM | Errno::EACCES) => failed.hint("an ordinary user may set triggers since Linux 6.5"),
            _ => failed,
        }
    }
}

impl Alarm {
    /// Waits until it goes off; false when it does not in time.
    ///
    /// # Errors
    /// When what it was set for is gone.
    // ANCHOR: wait
    pub fn wait(&self, patience: Duration) -> Result<bool> {
        let failed = |errno| Error::os(format!("wait for {}", self.path.display()), errno);
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let mut event = [PollFd::new(self.file.as_fd(), PollFlags::POLLPRI)];
            match poll(&mut event, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
                Ok(0) if left.is_zero() => return Ok(false),
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) if event[0].revents().is_some_and(|seen| seen.contains(PollFlags::POLLERR)) => {
                    return Err(failed(Errno::ENODEV));
                }
                Ok(_) => return Ok(true),
                Err(errno) => return Err(failed(errno)),
            }
        }
    }
    // ANCHOR_END: wait
}
