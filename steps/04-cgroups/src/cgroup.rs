//! A container's cgroup.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process::error::EXIT_CANNOT_EXECUTE;
use process::{Error, Result, code};
use rustix::fs::{Mode, OFlags};

use crate::hierarchy::Hierarchy;
use crate::settings::Setting;
use crate::{Limits, files, io as disks};

/// How long the kernel may take to empty or freeze a cgroup: milliseconds, unless the machine is very busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// The cgroup of one container: a directory below `/sys/fs/cgroup`. It outlives this value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// The cgroup at this path; `None` when there is none.
    #[must_use]
    pub fn open(path: &Path) -> Option<Cgroup> {
        path.join("cgroup.procs").exists().then(|| Cgroup { path: path.into() })
    }

    /// Makes it.
    pub(crate) fn create(path: PathBuf) -> Result<Cgroup> {
        fs::create_dir(&path).map_err(|error| Error::os(format!("make the cgroup {}", path.display()), error))?;
        Ok(Cgroup { path })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets the limits of a container that runs; what `limits` does not name stays.
    ///
    /// # Errors
    /// Which limit could not be set, and what the kernel answered; those before it are set.
    pub fn update(&self, limits: &Limits) -> Result<()> {
        let settings = limits.asked();
        if let Some(hierarchy) = Hierarchy::find() {
            self.grant(&hierarchy, &settings)?;
        }
        self.write(&settings)
    }

    /// Sets limits and defaults.
    pub(crate) fn write(&self, settings: &[Setting]) -> Result<()> {
        settings.iter().try_for_each(|setting| self.set(setting))
    }

    fn set(&self, setting: &Setting) -> Result<()> {
        let Setting { flag, file, value, device, instead, optional } = setting;
        let device = device.as_ref().map(|path| disks::number(path)).transpose()?;
        let with_device = |value: &str| device.iter().map(|number| format!("{number} ")).collect::<String>() + value;
        let (mut file, mut value) = (file.as_str(), with_device(value));
        let mut done = files::write(&self.path, file, &value);
        let absent = matches!(&done, Err(error) if error.kind() == io::ErrorKind::NotFound);
        if let Some((other, its)) = instead.as_ref().filter(|_| absent) {
            (file, value) = (other, with_device(its));
            done = files::write(&self.path, file, &value);
        }
        match done {
            Err(error) if !optional => {
                let hint = match error.raw_os_error() {
                    Some(nix::libc::ENODEV) => Some("what is limited is a whole disk, not a partition of it"),
                    Some(nix::libc::ENOENT) if file == "io.weight" => {
                        Some("disks are shared by weight where their scheduler is bfq, or io.cost.qos is set up")
                    }
                    _ => None,
                };
                let error =
                    Error::os(format!("set {flag}: write {value:?} to {file}"), error).exit(EXIT_CANNOT_EXECUTE);
                Err(hint.into_iter().fold(error, Error::hint))
            }
            _ => Ok(()),
        }
    }

    /// The limits as files and what to write to them, for a program that makes this cgroup by itself: `linux.resources.unified`
    /// of an OCI configuration.
    ///
    /// # Errors
    /// A device that is not there.
    pub fn files_of(&self, limits: &Limits) -> Result<BTreeMap<String, String>> {
        let mut files = BTreeMap::new();
        for Setting { file, value, device, .. } in limits.settings() {
            if self.path.join(&file).exists() {
                let number = device.as_ref().map(|path| disks::number(path)).transpose()?;
                let value = number.map(|number| format!("{number} ")).unwrap_or_default() + &value;
                // A disk a line.
                files.entry(file).and_modify(|known: &mut String| *known += &format!("\n{value}")).or_insert(value);
            }
        }
        Ok(files)
    }

    /// Its directory, for a process to be born in, or to be asked about devices.
    pub(crate) fn open_directory(&self) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(&self.path, flags, Mode::empty())
            .map_err(|error| Error::os(format!("open the cgroup {}", self.path.display()), error))
    }

    // ANCHOR: oom
    /// Whether the kernel has killed a process of it because memory had run out.
    #[must_use]
    pub fn oom_killed(&self) -> bool {
        let events = files::read(&self.path, "memory.events").unwrap_or_default();
        files::field(&events, "oom_kill").is_some_and(|times| times > 0)
    }
    // ANCHOR_END: oom

    /// Whether a process is in it or below it.
    #[must_use]
    pub fn is_populated(&self) -> bool {
        let events = files::read(&self.path, "cgroup.events").unwrap_or_default();
        files::field(&events, "populated") == Some(1)
    }

    /// Kills every process in it, those that are being born too.
    ///
    /// # Errors
    /// When the cgroup is not there.
    // ANCHOR: kill
    pub fn kill(&self) -> Result<()> {
        match files::write(&self.path, "cgroup.kill", "1") {
            // Before Linux 5.14: one by one, until nobody is left who could fork.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.path.exists() => {
                self.until("be killed", || {
                    let pids = self.pids();
                    for pid in &pids {
                        let _ = kill(*pid, Signal::SIGKILL);
                    }
                    pids.is_empty()
                })
            }
            other => other.map_err(|error| Error::os(format!("kill the cgroup {}", self.path.display()), error)),
        }
    }
    // ANCHOR_END: kill

    /// The processes in it and below it.
    #[must_use]
    pub fn pids(&self) -> Vec<Pid> {
        let of = |dir: &PathBuf| files::read(dir, "cgroup.procs").unwrap_or_default();
        let parse = |text: String| text.lines().filter_map(|line| line.parse().ok()).map(Pid::from_raw).collect();
        below(&self.path).iter().map(of).flat_map::<Vec<Pid>, _>(parse).collect()
    }

    /// Stops every process in it; returns when all of them stand still.
    ///
    /// # Errors
    /// When the cgroup is not there, or a process does not stop in five seconds (waiting for a disk, perhaps).
    pub fn freeze(&self) -> Result<()> {
        self.frozen(true)
    }

    /// Lets them go on.
    ///
    /// # Errors
    /// As [`Cgroup::freeze`].
    pub fn thaw(&self) -> Result<()> {
        self.frozen(false)
    }

    // ANCHOR: freeze
    fn frozen(&self, frozen: bool) -> Result<()> {
        let word = if frozen { "1" } else { "0" };
        files::set(&self.path, "cgroup.freeze", word)?;
        // It is frozen when the last one stands still, on its way out of the kernel.
        match self.events()?.wait(PATIENCE, |events| events.get("frozen") == u64::from(frozen))? {
            true => Ok(()),
            false => Err(self.late(if frozen { "freeze" } else { "thaw" })),
        }
    }
    // ANCHOR_END: freeze

    /// Removes it with all below it. Whoever is still in it is killed: a container's processes end with its first one, but
    /// a little later.
    ///
    /// # Errors
    /// When somebody stays in it for five seconds.
    // ANCHOR: remove
    pub fn remove(self) -> Result<()> {
        let mut killed = false;
        let mut last = None;
        let removed = self.until("be empty", || match remove_tree(&self.path) {
            Ok(()) => true,
            Err(error) => {
                last = Some(error);
                if !killed && self.is_populated() {
                    // A frozen process dies as well.
                    killed = self.kill().is_ok();
                }
                false
            }
        });
        match last {
            Some(error) if removed.is_err() => {
                Err(Error::os(format!("remove the cgroup {}", self.path.display()), error))
            }
            _ => removed,
        }
    }
    // ANCHOR_END: remove

    fn late(&self, what: &str) -> Error {
        Error::new(format!("the cgroup {} did not {what} in time", self.path.display())).code(code::CGROUP_BUSY)
    }

    /// Asks until the answer is yes, ever more slowly.
    fn until(&self, what: &str, mut ask: impl FnMut() -> bool) -> Result<()> {
        let (end, mut pause) = (Instant::now() + PATIENCE, Duration::from_micros(100));
        while !ask() {
            if Instant::now() > end {
                return Err(self.late(what));
            }
            sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// The directories of a cgroup's tree, itself first, each before what is in it.
fn below(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_path_buf()];
    let mut next = 0;
    while let Some(dir) = found.get(next) {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let inner: Vec<_> = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).collect();
        found.extend(inner.into_iter().map(|entry| entry.path()));
        next += 1;
    }
    found
}

/// What is below first. The kernel's files go with their directory.
fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir(path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) => {}
    }
    for dir in below(path).iter().rev() {
        match fs::remove_dir(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
