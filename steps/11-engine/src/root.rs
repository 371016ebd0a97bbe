//! The container's root: the image's layers below, a directory on top that takes what is written.

use std::cell::RefCell;
use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use confinement::label::Label;
use namespaces::itself;
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use process::{Error, Result};
use rootfs::{Mounter, Overlay, Server};

use crate::files;
use crate::state::{make_dir, write};

/// The directories in which something is mounted in every container.
const DIRECTORIES: [&str; 5] = ["dev", "etc", "proc", "run", "sys"];

/// A mounted root, as long as this lives.
pub(crate) struct Root {
    /// A tmpfs in our mount namespace alone, so that what lasts only as long as the container needs no disk and
    /// is gone with us, however we end.
    memory: PathBuf,
    mounter: Mounter,
    /// Who answers for file systems of the container that are not the kernel's.
    servers: RefCell<Vec<Server>>,
}

impl Root {
    /// Mounts the root of the container in `directory`. What is written need not reach the disk when the container
    /// is removed anyway.
    // ANCHOR: root
    pub fn mount(
        mut lower: Vec<PathBuf>,
        (store, lowest): (&Path, PathBuf),
        directory: &Path,
        (mounter, remove): (Mounter, bool),
        (label, owner): (Option<&Label>, Option<(u32, u32)>),
    ) -> Result<Root> {
        for name in ["upper", "work"] {
            make_dir(&directory.join(name))?;
        }
        let upper = directory.join("upper");
        // It is the root directory of the container.
        fs::set_permissions(&upper, Permissions::from_mode(0o755))
            .map_err(|error| Error::os(format!("chmod {}", upper.display()), error))?;
        if let Some((user, group)) = owner {
            chown(&upper, Some(user), Some(group))
                .map_err(|error| Error::os(format!("chown {}", upper.display()), error))?;
        }
        // One place for all: each monitor has mounts of its own.
        let memory = store.join("merged");
        let context = label.map(|label| label.mount.clone());
        // A label has commas.
        let labelled = context.iter().map(|label| format!(",context=\"{label}\"")).collect::<String>();
        hold(&memory, &format!("mode=0700,size=4m{labelled}"))?;
        let root = Root { memory, mounter, servers: RefCell::default() };
        make_dir(&root.path())?;
        // The lowest of all: where the image has nothing to mount something on, this has, and nothing need be made
        // in the upper directory, which is what costs the most there.
        lower.push(lowest);
        let userxattr = itself::caller() != 0;
        let work = directory.join("work");
        root.overlay(&Overlay { lower, upper, work, target: root.path(), userxattr, volatile: remove, context })?;
        Ok(root)
    }
    // ANCHOR_END: root

    /// Mounts an overlay that lasts as long as this.
    pub fn overlay(&self, overlay: &Overlay) -> Result<()> {
        self.servers.borrow_mut().extend(self.mounter.mount(overlay)?);
        Ok(())
    }

    /// Who mounts overlays.
    pub fn mounter(&self) -> &Mounter {
        &self.mounter
    }

    /// The process ids of who answers for its file systems.
    pub fn servers(&self) -> Vec<u32> {
        self.servers.borrow().iter().map(Server::pid).collect()
    }

    /// Whether one of them has ended, by nobody's order.
    pub fn is_abandoned(&self) -> bool {
        self.servers.borrow().iter().any(Server::has_ended)
    }

    /// The directory in memory.
    pub fn memory(&self) -> &Path {
        &self.memory
    }

    /// Where the container's root is.
    pub fn path(&self) -> PathBuf {
        self.memory.join("root")
    }

    /// Where the files are that the engine puts into the container.
    pub fn files(&self) -> PathBuf {
        self.memory.join("files")
    }

    /// Where the `/dev/shm` is that it shares with another container.
    pub fn shm(&self) -> PathBuf {
        self.memory.join("shm")
    }
}

impl Root {
    /// Takes it away. What was written in it is in the upper directory.
    // ANCHOR: unmount
    pub fn unmount(self) -> Result<()> {
        // With all that is mounted in it.
        umount2(&self.memory, MntFlags::MNT_DETACH)
            .map_err(|errno| Error::os(format!("unmount {}", self.memory.display()), errno))?;
        // Only now, for the kernel may just be handing over the last of what was written.
        self.servers.take().into_iter().for_each(Server::finish);
        Ok(())
    }
    // ANCHOR_END: unmount
}

/// Mounts a tmpfs, on a directory that only the first container of all has to make.
fn hold(memory: &Path, options: &str) -> Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let mounted = || mount(Some("tmpfs"), memory, Some("tmpfs"), flags, Some(options));
    let failed = |errno| Error::os(format!("mount a tmpfs on {}", memory.display()), errno);
    match mounted() {
        Err(Errno::ENOENT) => make_dir(memory).and_then(|()| mounted().map_err(failed)),
        result => result.map_err(failed),
    }
}

/// The directory with an empty place for each mount, and `/etc/mtab`, made once for all containers of this engine.
pub(crate) fn lowest(root: &Path, id: &str) -> Result<PathBuf> {
    let ready = root.join("lowest");
    if ready.exists() {
        return Ok(ready);
    }
    let draft = root.join(format!("lowest.{id}"));
    let failed = |error| Error::os(format!("create {}", draft.display()), error);
    let mut builder = DirBuilder::new();
    builder.mode(0o755);
    builder.create(&draft).map_err(failed)?;
    for directory in DIRECTORIES {
        builder.create(draft.join(directory)).map_err(failed)?;
    }
    for place in files::PLACES {
        write(&draft.join(&place[1..]), b"")?;
    }
    // For programs of old that look there for what is mounted.
    symlink("/proc/mounts", draft.join("etc/mtab")).map_err(failed)?;
    match fs::rename(&draft, &ready) {
        // Another engine was faster.
        Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
            fs::remove_dir_all(&draft).map_err(failed)?;
        }
        result => result.map_err(failed)?,
    }
    Ok(ready)
}
