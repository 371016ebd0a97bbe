//! Step 03: a file system of its own. The container's root, what is mounted in it, and no way out of it.
//!
//! Needs Linux 5.12 (`mount_setattr`); every mount goes through the kernel's descriptor-based interface, because a
//! path given as text can change its meaning between two looks at it.

pub mod beneath;
pub mod copy;
mod defaults;
mod dev;
mod device;
mod explain;
pub mod fuse;
pub mod kernel;
mod mount;
mod mounter;
mod options;
mod overlay;
mod rootfs;
pub mod run;
pub mod table;
pub mod volume;

pub use defaults::{arrange, default_mounts};
pub use dev::{Device, default_devices};
pub use fuse::Server;
pub use mount::{Ids, Mount};
pub use mounter::Mounter;
pub use overlay::Overlay;
pub use rootfs::{Mapped, Opened, Rootfs};
pub use volume::{Source, Volume};

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[run::RUN]
}
