//! What the tests of every step share: an unprivileged user to run as, a small root file system to run in, a
//! terminal to type on, and eyes outside the container.
//!
//! ```no_run
//! let world = support::World::new();
//! let rootfs = world.busybox_rootfs();
//! world.command("rootfs").args(["run", "--rootfs"]).arg(&rootfs).args(["id", "-u"]).assert().success().stdout("0\n");
//! ```
//!
//! A missing prerequisite is a failed test that names the command which mends it; nothing is skipped.

pub mod image;
pub mod lab;
pub mod observe;
/// Doctor's table as text, for the harness stands on no step.
#[path = "../../../steps/01-process/src/prerequisite.rs"]
#[allow(dead_code, reason = "the steps use all of it")]
mod prerequisite;
pub mod pty;
mod registry;
mod rootfs;
mod settings;
mod user;
mod world;

pub use image::{busybox_archive, podman_save};
pub use lab::{Lab, Who};
pub use prerequisite::mending;
pub use registry::{Options as RegistryOptions, Registry};
pub use rootfs::busybox_rootfs;
pub use settings::{literal, settings};
pub use user::{User, user};
pub use world::{World, rootless, rootless_process};
