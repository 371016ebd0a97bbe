//! Step 06: an OCI runtime. What the lower steps can do, asked for by the document that all engines write.

mod bundle;
mod container;
mod run;
mod spec;
mod translate;
mod unsupported;

pub use bundle::{check_id, load};
pub use container::Container;
pub use translate::id_map;

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[run::RUN, run::CONTAINER, spec::SPEC]
}
