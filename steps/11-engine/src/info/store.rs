//! What the engine keeps, as libpod's `StoreInfo`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::statfs::{self, FsType, statfs};
use nix::sys::statvfs::statvfs;
use process::Result;
use rootfs::fuse;
use serde::Serialize;

use crate::Phase;
use crate::{State, storage};

/// libpod's `StoreInfo`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The fields are libpod's, and documented there.
pub struct Store {
    pub container_store: Containers,
    pub graph_driver_name: &'static str,
    pub graph_options: BTreeMap<&'static str, MountProgram>,
    pub graph_root: PathBuf,
    pub graph_root_allocated: u64,
    pub graph_root_used: u64,
    pub graph_status: BTreeMap<&'static str, &'static str>,
    pub image_copy_tmp_dir: PathBuf,
    pub image_store: Images,
    pub run_root: PathBuf,
    pub transient_store: bool,
    pub volume_path: PathBuf,
}

/// The program that mounts layers where the kernel does not.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs)]
pub struct MountProgram {
    pub executable: PathBuf,
    pub package: String,
    pub version: String,
}

/// How many containers there are, by state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Containers {
    pub number: usize,
    pub paused: usize,
    pub running: usize,
    pub stopped: usize,
}

/// How many images there are.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Images {
    pub number: usize,
}

impl Store {
    /// Looks at what is kept in `root`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look(root: &Path) -> Result<Store> {
        // A root that nothing was written to yet is not there: then its parents say how much room there is.
        let place = root.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
        let (allocated, used) = statvfs(place).map_or((0, 0), |fs| {
            let block = fs.fragment_size();
            (fs.blocks() * block, (fs.blocks() - fs.blocks_free()) * block)
        });
        let backing = statfs(place).map_or("unknown", |fs| name(fs.filesystem_type()));
        let program = program(backing)?;
        let native = if program.is_some() { "false" } else { "true" };
        Ok(Store {
            container_store: containers(root)?,
            graph_driver_name: "overlay",
            graph_options: program.into_iter().map(|program| ("overlay.mount_program", look(program))).collect(),
            graph_root: root.into(),
            graph_root_allocated: allocated,
            graph_root_used: used,
            graph_status: BTreeMap::from([("Backing Filesystem", backing), ("Native Overlay Diff", native)]),
            image_copy_tmp_dir: root.join("tmp"),
            image_store: Images { number: images::Store::open(root)?.list()?.len() },
            run_root: root.join("running"),
            transient_store: false,
            volume_path: root.join("volumes"),
        })
    }
}

fn containers(root: &Path) -> Result<Containers> {
    let state = State::new(root);
    let mut found = Containers::default();
    for record in state.list()? {
        found.number += 1;
        match state.status(&record.id)?.phase {
            Phase::Running => found.running += 1,
            Phase::Paused => found.paused += 1,
            _ => found.stopped += 1,
        }
    }
    Ok(found)
}

/// Who mounts layers in a store on this file system, when it is not the kernel.
fn program(backing: &str) -> Result<Option<PathBuf>> {
    let mounter = storage::mounter()?;
    let instead = || fuse::find().filter(|_| NO_UPPER.contains(&backing));
    Ok(mounter.program.or_else(instead))
}

/// What it says of itself.
fn look(executable: PathBuf) -> MountProgram {
    let output = Command::new(&executable).arg("--version").output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    MountProgram { package: String::new(), executable, version: version.trim_end().to_string() }
}

/// File systems on which the kernel's overlay takes no directory for what is written.
const NO_UPPER: [&str; 3] = ["overlayfs", "nfs", "fuse"];

/// Podman's name of a file system.
fn name(kind: FsType) -> &'static str {
    match kind {
        statfs::EXT4_SUPER_MAGIC => "extfs",
        statfs::BTRFS_SUPER_MAGIC => "btrfs",
        statfs::XFS_SUPER_MAGIC => "xfs",
        statfs::TMPFS_MAGIC => "tmpfs",
        statfs::OVERLAYFS_SUPER_MAGIC => "overlayfs",
        statfs::NFS_SUPER_MAGIC => "nfs",
        statfs::FUSE_SUPER_MAGIC => "fuse",
        _ => "unknown",
    }
}
