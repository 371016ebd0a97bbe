//! Layers, seen as one file system.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use process::{Error, Result, Setup, code, prerequisite::hint};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};

use crate::kernel::{self, Attributes, Refused, Setting};

/// The kernel takes one page of mount data (mount(2)).
const PAGE: usize = 4096;

/// An overlay file system (Linux's Documentation/filesystems/overlayfs.rst). In a user namespace it needs Linux 5.11
/// and `userxattr`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// The layers, top first; never written.
    pub lower: Vec<PathBuf>,
    /// What is changed goes here.
    pub upper: PathBuf,
    /// An empty directory on the file system of `upper`, for the kernel.
    pub work: PathBuf,
    /// Where it is mounted; a directory of the caller's, not resolved beneath anything.
    pub target: PathBuf,
    /// Keep overlay's own marks in `user.overlay.*`, which need no privilege on the host.
    pub userxattr: bool,
    /// What is written need not survive: unmounting does not wait for the disk. The kernel refuses to mount `upper`
    /// again afterwards (Linux 5.10).
    pub volatile: bool,
    /// The label of SELinux that all its files have, whatever the layers' have.
    pub context: Option<String>,
}

/// A directory of the overlay: the option's name and the open directory.
pub(crate) type Part = (&'static str, OwnedFd);

impl Overlay {
    /// Mounts it.
    ///
    /// # Errors
    /// Which directory cannot be opened, or the kernel's reason.
    // ANCHOR: overlay
    pub fn mount(&self) -> Result<()> {
        // Directories are given as descriptors: no path is too long, and no colon or comma in a name is read as
        // a separator.
        let (parts, target) = (self.open()?, self.target()?);
        // By descriptor since Linux 6.13, by the descriptor's name in /proc since 6.8, all in one page before.
        let names: Vec<String> = parts.iter().map(|(_, fd)| format!("/proc/self/fd/{}", fd.as_raw_fd())).collect();
        let by_descriptor = parts.iter().map(|(option, fd)| Setting::Directory(option, fd.as_fd())).collect();
        let by_name = parts.iter().zip(&names).map(|((option, _), name)| Setting::Text(option, name)).collect();
        for settings in [by_descriptor, by_name] {
            match self.create(settings) {
                // This kernel does not know the way in which we said it; EBADF, because descriptors for reference only
                // were no values before it did.
                Err(Refused { errno: Errno::INVAL | Errno::BADF, .. }) => {}
                Err(refused) => return Err(self.refused(refused)),
                Ok(overlay) => {
                    return kernel::attach(overlay.as_fd(), target.as_fd()).map_err(|errno| self.failed(errno));
                }
            }
        }
        self.mount_by_page(&parts, &names, &target)
    }
    // ANCHOR_END: overlay

    /// Its directories.
    pub(crate) fn open(&self) -> Result<Vec<Part>> {
        let lower = self.lower.iter().map(|lower| ("lowerdir+", lower));
        let all = lower.chain([("upperdir", &self.upper), ("workdir", &self.work)]);
        all.map(|(option, path)| Ok((option, open(path)?))).collect()
    }

    /// Where it is to be mounted.
    pub(crate) fn target(&self) -> Result<OwnedFd> {
        open(&self.target)
    }

    fn create<'a>(&'a self, mut settings: Vec<Setting<'a>>) -> std::result::Result<OwnedFd, Refused> {
        settings.insert(0, Setting::Text("source", "overlay"));
        for flag in self.flags() {
            settings.push(Setting::Flag(flag));
        }
        if let Some(label) = &self.context {
            settings.push(Setting::Text("context", label));
        }
        kernel::new_filesystem("overlay", &settings, Attributes::default())
    }

    /// The old way: at most some two hundred layers.
    fn mount_by_page(&self, parts: &[Part], names: &[String], target: &OwnedFd) -> Result<()> {
        let mut lower = Vec::new();
        let mut options = Vec::new();
        for ((option, _), name) in parts.iter().zip(names) {
            match *option {
                "lowerdir+" => lower.push(name.as_str()),
                option => options.push(format!("{option}={name}")),
            }
        }
        options.insert(0, format!("lowerdir={}", lower.join(":")));
        options.extend(self.flags().map(str::to_string));
        // A label has commas.
        options.extend(self.context.iter().map(|label| format!("context=\"{label}\"")));
        let data = options.join(",");
        if data.len() >= PAGE {
            let many = self.lower.len();
            return Err(Error::new(format!("{}: {many} layers are too many for this kernel", self.tried()))
                .code(code::TOO_MANY_LAYERS)
                .hint("Linux 6.8 or newer takes more"));
        }
        let data =
            std::ffi::CString::new(data).map_err(|error| Error::because(self.tried(), error).code(code::BAD_VALUE))?;
        let target = format!("/proc/self/fd/{}", target.as_raw_fd());
        mount("overlay", target, "overlay", MountFlags::empty(), data.as_c_str()).map_err(|errno| self.failed(errno))
    }

    fn flags(&self) -> impl Iterator<Item = &'static str> + use<> {
        [("userxattr", self.userxattr), ("volatile", self.volatile)]
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(flag, _)| flag)
    }

    pub(crate) fn tried(&self) -> String {
        format!("mount an overlay of {} layers on {}", self.lower.len(), self.target.display())
    }

    fn failed(&self, errno: Errno) -> Error {
        self.refused(Refused { errno, words: None })
    }

    fn refused(&self, refused: Refused) -> Error {
        let error = match refused.words {
            Some(words) => Error::because(self.tried(), words).code(code::NO_OVERLAY),
            None => Error::os(self.tried(), refused.errno),
        };
        match refused.errno {
            Errno::PERM => error.hint("without root this needs Linux 5.11 or newer").code(code::NO_OVERLAY),
            Errno::NODEV => {
                error.hint(format!("the kernel has no overlay file system: {}", hint("overlay"))).code(code::NO_OVERLAY)
            }
            // A store on a file system that cannot be a layer, or an upper directory.
            Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS => error.code(code::NO_OVERLAY),
            _ => error,
        }
    }
}

/// In the child, before its root.
impl Setup for Overlay {
    fn setup(&self) -> Result<()> {
        self.mount()
    }
}

fn open(path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::empty())
        .map_err(|errno| Error::os(format!("open the layer {}", path.display()), errno))
}
