//! Step 02: namespaces. Root inside, nobody outside.

mod hostname;
mod idmap;
pub mod itself;
mod kernel;
mod namespaces;
pub mod run;
pub mod subid;

pub use hostname::Hostname;
pub use idmap::{Extent, IdMap};
pub use itself::reexec_as_root;
pub use namespaces::Namespaces;

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[run::RUN]
}
