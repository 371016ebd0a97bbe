//! The container's root: the image's layers below, a directory on top that takes what is written.

use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use confinement::label::Label;
use namespaces::itself;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use process::{Error, Result};
use rootfs::Overlay;

use crate::files;
use crate::state::{make_dir, write};

/// The directories in which something is mounted in every container.
const DIRECTORIES: [&str; 5] = ["dev", "etc", "proc", "run", "sys"];

/// A mounted root, as long as this lives.
pub(crate) struct Root {
    /// A tmpfs in our mount namespace alone, so that what lasts only as long as the container needs no disk and
    /// is gone with us, however we end.
    memory: PathBuf,
}

impl Root {
    /// Mounts the root of the container in `directory`. What is written need not reach the disk when the container
    /// is removed anyway.
    // ANCHOR: root
    pub fn mount(
        mut lower: Vec<PathBuf>,
        (store, mountpoints): (&Path, PathBuf),
        directory: &Path,
        remove: bool,
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
        if !memory.exists() {
            make_dir(&memory)?;
        }
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        let context = label.map(|label| label.mount.clone());
        // A label has commas.
        let labelled = context.iter().map(|label| format!(",context=\"{label}\"")).collect::<String>();
        mount(Some("tmpfs"), &memory, Some("tmpfs"), flags, Some(format!("mode=0700,size=4m{labelled}").as_str()))
            .map_err(|errno| Error::os(format!("mount a tmpfs on {}", memory.display()), errno))?;
        let root = Root { memory };
        make_dir(&root.path())?;
        // The lowest of all: where the image has nothing to mount something on, this has, and nothing need be made
        // in the upper directory, which is what costs the most there.
        lower.push(mountpoints);
        let userxattr = itself::caller() != 0;
        let work = directory.join("work");
        Overlay { lower, upper, work, target: root.path(), userxattr, volatile: remove, context }.mount()?;
        Ok(root)
    }
    // ANCHOR_END: root

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
    pub fn unmount(self) -> Result<()> {
        for path in [&self.path(), &self.memory] {
            umount2(path, MntFlags::MNT_DETACH)
                .map_err(|errno| Error::os(format!("unmount {}", path.display()), errno))?;
        }
        Ok(())
    }
}

/// The directory with an empty place for each mount, made once for all containers of this engine.
pub(crate) fn mountpoints(root: &Path, id: &str) -> Result<PathBuf> {
    let ready = root.join("mountpoints");
    if ready.exists() {
        return Ok(ready);
    }
    let draft = root.join(format!("mountpoints.{id}"));
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
    match fs::rename(&draft, &ready) {
        // Another engine was faster.
        Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
            fs::remove_dir_all(&draft).map_err(failed)?;
        }
        result => result.map_err(failed)?,
    }
    Ok(ready)
}
