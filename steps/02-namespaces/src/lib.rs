//! Step 02: namespaces. Root inside, nobody outside.

pub mod auto;
pub mod clocks;
pub mod explain;
mod held;
mod hostname;
mod idmap;
pub mod itself;
mod joined;
mod kernel;
mod namespaces;
mod pause;
pub mod run;
mod space;
mod storage;
pub mod subid;
pub mod usermap;

pub use hostname::Hostname;
pub use idmap::{Extent, IdMap};
pub use itself::reexec_as_root;
pub use joined::{Joined, foreign};
pub use namespaces::Namespaces;
pub use space::Space;
pub use storage::{Join, Storage, Unshare};
pub use usermap::UserMap;

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[run::RUN]
}
