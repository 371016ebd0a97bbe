//! One mount of a container.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use namespaces::IdMap;
use process::{Error, Result, code};
use rustix::fs::{FileType, Mode, chmod, fstat, fstatfs};
use rustix::io::Errno;

use crate::beneath::{self, Root};
use crate::copy;
use crate::kernel::{self, PROC, Refused, SYS, Setting};
use crate::options::Options;

/// Files of procfs that may be covered, as runc allows (LXCFS puts its own there).
const COVERABLE: [&str; 9] = [
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/net/dev",
    "/proc/slabinfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/uptime",
];

/// A mount as in an OCI `config.json` (runtime-spec, config.md, "Mounts").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mount {
    /// Where, in the container; absolute. Made when it is missing.
    pub destination: PathBuf,
    /// The file system's type; not needed for a bind mount.
    pub fstype: Option<String>,
    /// For a bind mount a path of the host; else only a name.
    pub source: Option<PathBuf>,
    /// Words of mount(8) (`ro`, `nosuid`, `rbind`, `rprivate`, ...); what is none of them goes to the file system.
    pub options: Vec<String>,
    /// Other owners than on the disk; for a bind mount.
    pub ids: Option<Ids>,
}

/// Whose the files of a mount are (mount_setattr(2), "ID-mapped mounts").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// What is an id's inside on the disk is shown as that of the id outside.
    pub map: IdMap,
    /// In what is mounted below, too.
    pub recursive: bool,
}

/// The source of a bind mount.
#[derive(Debug)]
pub(crate) enum Origin {
    /// What is to be copied.
    Place(OwnedFd),
    /// A copy, with the owners that it is to have.
    Copy(OwnedFd),
}

impl Mount {
    /// A file system of type `fstype` at `destination`, with options separated by commas.
    #[must_use]
    pub fn new(fstype: &str, destination: &str, options: &str) -> Mount {
        Mount {
            destination: destination.into(),
            fstype: Some(fstype.into()),
            source: Some(fstype.into()),
            options: options.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            ids: None,
        }
    }

    /// A directory or file of the host at `destination`, with options separated by commas.
    #[must_use]
    pub fn bind(source: impl Into<PathBuf>, destination: impl Into<PathBuf>, options: &str) -> Mount {
        let destination = destination.into();
        Mount { destination, source: Some(source.into()), ..Mount::new("bind", "", options) }
    }

    /// Whether it shows what is somewhere else already, and no new file system.
    #[must_use]
    pub fn is_bind(&self) -> bool {
        self.fstype.as_deref() == Some("bind") || Options::parse(&self.options).bind.is_some()
    }

    /// The source of a bind mount.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) fn open(&self) -> Result<Option<Origin>> {
        match self.is_bind() {
            true => {
                let source = self.source.as_deref().unwrap_or(Path::new(""));
                kernel::open_source(source).map(|place| Some(Origin::Place(place))).map_err(|errno| self.failed(errno))
            }
            false => Ok(None),
        }
    }

    /// A copy of the source with other owners, when that is asked for. The right to make it has who owns the file system.
    ///
    /// # Errors
    /// When it is not there, or the file system cannot do that.
    // ANCHOR: mapped
    pub(crate) fn mapped(&self) -> Result<Option<OwnedFd>> {
        let Some(ids) = &self.ids else { return Ok(None) };
        if !self.is_bind() {
            return Err(Error::new(format!("{}: only what is bound can have other owners", self.tried()))
                .code(code::REFUSED_PLACE));
        }
        let source = self.source.as_deref().unwrap_or(Path::new(""));
        let recursive = Options::parse(&self.options).bind.unwrap_or(false);
        let copy = self.copied(recursive, |all| kernel::copy_tree(source, all))?;
        let users = ids.map.hold()?;
        kernel::set_ids(copy.as_fd(), users.as_fd(), ids.recursive).map_err(|errno| {
            let error =
                Error::os(format!("give other owners to what is mounted on {}", self.destination.display()), errno);
            match errno {
                Errno::PERM => error.hint("only who owns a file system may do that: root, for the system's"),
                Errno::INVAL => error
                    .hint("the file system of the source has to be one that can do that, as ext4, xfs, btrfs, tmpfs"),
                _ => error,
            }
        })?;
        Ok(Some(copy))
    }
    // ANCHOR_END: mapped

    /// Makes the mount of its `source`, then finds its place beneath `root`, then attaches it.
    ///
    /// # Errors
    /// What could not be mounted where, and the kernel's reason; nothing is mounted then.
    // ANCHOR: mount
    pub(crate) fn attach(&self, root: &Root, source: Option<Origin>) -> Result<()> {
        // Detached until it is complete: nobody sees it writable that is to be read-only.
        let options = Options::parse(&self.options);
        let copies_up = options.copy_up && !self.is_bind();
        let mount = if copies_up { self.writable().make(None)? } else { self.make(source)? };
        let kind = self.kind(&mount)?;
        self.check_place(root, kind)?;
        let is_directory = !self.is_bind() || self.is_directory(&mount)?;
        // The place is found as late as possible, links resolved beneath the root, and from here on it is a
        // descriptor: a directory exchanged for a link now changes nothing (CVE-2021-30465).
        let (place, was_there) = match beneath::resolve(root, &self.destination) {
            Ok(place) => (place, true),
            Err(_) if is_directory => (self.made(beneath::mkdir_all(root, &self.destination))?, false),
            Err(_) => (self.made(beneath::create_file(root, &self.destination))?, false),
        };
        if self.is_directory(&place)? != is_directory {
            return Err(self.failed(if is_directory { Errno::NOTDIR } else { Errno::ISDIR }));
        }
        let covers_proc = fstatfs(&place).map_err(|errno| self.failed(errno))?.f_type == PROC;
        if covers_proc && kind != PROC && !COVERABLE.iter().any(|file| self.destination == Path::new(file)) {
            return Err(Error::new(format!("mount on {}: it is inside /proc", self.destination.display()))
                .code(code::REFUSED_PLACE));
        }
        if copies_up {
            match was_there {
                true => self.copy_up(&place, &mount)?,
                // What was made just now is nothing to go by: memory is everybody's, and so it is when this begins anew.
                false => self.open_up(&place)?,
            }
            kernel::set_attributes(mount.as_fd(), options.own, false).map_err(|errno| self.failed(errno))?;
        }
        kernel::attach(mount.as_fd(), place.as_fd()).map_err(|errno| self.failed(errno))
    }
    // ANCHOR_END: mount

    /// While nobody sees the mount.
    fn copy_up(&self, place: &OwnedFd, mount: &OwnedFd) -> Result<()> {
        let failed = |error| Error::os(format!("copy what is at {} into memory", self.destination.display()), error);
        copy::content(place.as_fd(), mount.as_fd()).map_err(failed)?;
        match self.options.iter().any(|word| word.starts_with("mode=") || word.starts_with("uid=")) {
            true => Ok(()),
            false => copy::metadata(place.as_fd(), mount.as_fd()).map_err(failed),
        }
    }

    /// As a new tmpfs is.
    fn open_up(&self, place: &OwnedFd) -> Result<()> {
        // By its name in /proc, for the descriptor is for reference only.
        let name = format!("/proc/self/fd/{}", place.as_raw_fd());
        chmod(name, Mode::from_raw_mode(0o1777)).map_err(|errno| self.failed(errno))
    }

    /// The same, to be written to first.
    fn writable(&self) -> Mount {
        let options = self.options.iter().filter(|word| *word != "ro").cloned().collect();
        Mount { options, ..self.clone() }
    }

    fn is_directory(&self, what: &OwnedFd) -> Result<bool> {
        let found = fstat(what).map_err(|errno| self.failed(errno))?;
        Ok(FileType::from_raw_mode(found.st_mode) == FileType::Directory)
    }

    /// Its file system, as far as that matters for where it may be: a new one of another kind than these is neither.
    fn kind(&self, mount: &OwnedFd) -> Result<i64> {
        match self.fstype.as_deref() {
            Some("tmpfs" | "devpts" | "mqueue") if !self.is_bind() => Ok(0),
            _ => fstatfs(mount).map(|found| found.f_type).map_err(|errno| self.failed(errno)),
        }
    }

    fn make(&self, source: Option<Origin>) -> Result<OwnedFd> {
        let options = Options::parse(&self.options);
        let mount = match source {
            // Not earlier: the kernel's table has mounts in the order in which they are made, and that is the document's.
            Some(Origin::Copy(copy)) => copy,
            Some(Origin::Place(source)) => {
                self.copied(options.bind.unwrap_or(false), |all| kernel::copy_of(source.as_fd(), all))?
            }
            None => self.create(&options)?,
        };
        let mut own = options.own;
        let mut all = options.all;
        if !self.is_bind() && own.clear & !libc::MOUNT_ATTR__ATIME == 0 {
            // It was made with them.
            own = kernel::Attributes { propagation: own.propagation, ..kernel::Attributes::default() };
        } else if options.bind == Some(false) && own.propagation == 0 {
            // There is nothing below it.
            own = kernel::Attributes {
                set: own.set | all.set,
                clear: own.clear | all.clear,
                propagation: all.propagation,
            };
            all = kernel::Attributes::default();
        }
        for (attributes, recursive) in [(all, true), (own, false)] {
            // Only adds: what the source's mount forbids stays forbidden, unlike with a remount, where every flag
            // that is not repeated would be taken back (and refused in a user namespace).
            if attributes != kernel::Attributes::default() {
                kernel::set_attributes(mount.as_fd(), attributes, recursive).map_err(|errno| self.failed(errno))?;
            }
        }
        Ok(mount)
    }

    fn copied(&self, recursive: bool, copy: impl Fn(bool) -> Result<OwnedFd, Errno>) -> Result<OwnedFd> {
        copy(recursive).map_err(|errno| {
            let error = self.failed(errno);
            match errno {
                Errno::INVAL if !recursive => error.hint("something is mounted below the source: use rbind"),
                _ => error,
            }
        })
    }

    fn create(&self, options: &Options<'_>) -> Result<OwnedFd> {
        let kind = self.fstype.as_deref().unwrap_or_default();
        let unmapped = kind == "devpts" && !group_is_mapped(5);
        let source = self.source.as_deref().and_then(Path::to_str).unwrap_or(kind);
        let mut settings = vec![Setting::Text("source", source)];
        // Terminals belong to group tty, which is 5 everywhere; devpts refuses a group that has no number here.
        let data = options.data.iter().filter(|word| !(unmapped && **word == "gid=5"));
        // In a user namespace SELinux takes a label for few kinds of file systems; queues get theirs as a file does.
        let label = options.data.iter().find_map(|word| word.strip_prefix("context=").filter(|_| kind == "mqueue"));
        let data = data.filter(|word| label.is_none() || !word.starts_with("context="));
        settings.extend(data.map(|word| match word.split_once('=') {
            Some((name, value)) => Setting::Text(name, value),
            None => Setting::Flag(word),
        }));
        match kernel::new_filesystem(kind, &settings, options.own) {
            // Inside another container its /sys is often half hidden, and then a fresh one is not ours to have.
            Err(Refused { errno: Errno::PERM, .. }) if kind == "sysfs" => {
                let bind = Mount { source: Some("/sys".into()), fstype: Some("bind".into()), ..self.clone() };
                let mount = bind.copied(true, |all| kernel::copy_tree(Path::new("/sys"), all))?;
                kernel::set_attributes(mount.as_fd(), options.own, true).map_err(|errno| self.failed(errno))?;
                Ok(mount)
            }
            Err(Refused { errno, words: None }) => Err(self.failed(errno)),
            Err(Refused { words: Some(words), .. }) => {
                Err(Error::because(self.tried(), words).code(code::MOUNT_FAILED))
            }
            Ok(mount) => {
                // As runc and crun do; where the file system has no labels it needs none.
                match label.map_or(Ok(()), |label| kernel::set_label(mount.as_fd(), label)) {
                    Ok(()) | Err(Errno::NOTSUP) => Ok(mount),
                    Err(errno) => Err(self.failed(errno)),
                }
            }
        }
    }

    /// What later walls write to and cover must be the kernel's: /proc and /sys are real directories of the image,
    /// and what is mounted there is a procfs and a sysfs (CVE-2019-16884, CVE-2023-27561).
    fn check_place(&self, root: &Root, kind: i64) -> Result<()> {
        let wanted = match beneath::normal(&self.destination).to_str() {
            // It would be below what becomes the root, and hidden.
            Some("/") => {
                return Err(
                    Error::new(format!("{}: the root is there already", self.tried())).code(code::REFUSED_PLACE)
                );
            }
            Some("/proc") => PROC,
            Some("/sys") => SYS,
            _ => return Ok(()),
        };
        let place = self.destination.display();
        // A tmpfs over /sys shows less, not something false.
        if kind != wanted && !(wanted == SYS && self.fstype.as_deref() == Some("tmpfs")) {
            let name = if wanted == PROC { "proc" } else { "sysfs" };
            return Err(Error::new(format!("mount on {place}: only a file system of type {name} may be there"))
                .code(code::REFUSED_PLACE));
        }
        let Ok(found) = beneath::resolve_nofollow(root, &self.destination) else { return Ok(()) };
        let found = fstat(&found).map_err(|errno| self.failed(errno))?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => Ok(()),
            _ => {
                let name = if wanted == PROC { "a procfs" } else { "a sysfs" };
                Err(Error::new(format!(
                    "mount on {place}: {name} must be mounted on ordinary directory of the root file system"
                ))
                .code(code::REFUSED_PLACE))
            }
        }
    }

    fn made(&self, place: std::io::Result<OwnedFd>) -> Result<OwnedFd> {
        place.map_err(|error| Error::os(format!("make the mount point {}", self.destination.display()), error))
    }

    fn failed(&self, errno: Errno) -> Error {
        let error = Error::os(self.tried(), errno);
        match errno {
            Errno::NOSYS => error.hint("this needs Linux 5.12 or newer"),
            _ => error,
        }
    }

    fn tried(&self) -> String {
        let what = match (&self.source, &self.fstype) {
            (Some(source), _) if self.is_bind() => source.display().to_string(),
            (_, Some(kind)) => kind.clone(),
            (_, None) => "nothing".into(),
        };
        format!("mount {what} on {}", self.destination.display())
    }
}

/// Whether group `gid` exists in this user namespace (user_namespaces(7)).
fn group_is_mapped(gid: u64) -> bool {
    let map = process::file::read("/proc/self/gid_map", 1 << 16).unwrap_or_default();
    String::from_utf8_lossy(&map).lines().any(|line| {
        let mut numbers = line.split_whitespace().filter_map(|number| number.parse::<u64>().ok());
        matches!((numbers.next(), numbers.nth(1)), (Some(first), Some(count)) if (first..first + count).contains(&gid))
    })
}
