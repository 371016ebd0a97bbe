//! Step 05: confinement. What a program in a container may not do: capabilities, system calls, files of the
//! kernel, limits. And how it is treated beside others.

pub mod apparmor;
mod capabilities;
mod capability;
mod confinement;
pub mod explain;
mod kernel;
mod keyring;
pub mod label;
pub mod mask;
mod options;
mod procfs;
mod rlimit;
pub mod run;
pub mod seccomp;
mod standing;
mod sysctl;
mod user;

pub use capabilities::Capabilities;
pub use capability::CapSet;
pub use confinement::Confinement;
pub use mask::{MASKED, READONLY};
pub use options::SecurityOptions;
pub use rlimit::{Rlimit, UNLIMITED};
pub use standing::{IoPriority, MemoryPolicy, Scheduler, Standing};
pub use sysctl::{Own, Sysctl};
pub use user::{User, unmapped};

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[run::RUN]
}
