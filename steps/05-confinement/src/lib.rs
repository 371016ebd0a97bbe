//! Step 05: confinement. What a program in a container may not do: capabilities, system calls, files of the
//! kernel, limits.

mod capabilities;
mod capability;
mod confinement;
mod kernel;
pub mod mask;
mod rlimit;
pub mod seccomp;
mod user;

pub use capabilities::Capabilities;
pub use capability::CapSet;
pub use confinement::Confinement;
pub use mask::{MASKED, READONLY};
pub use rlimit::{Rlimit, UNLIMITED};
pub use user::User;
