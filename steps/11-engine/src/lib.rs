//! Step 11: an engine. A container has an image, a name and a life.

mod compose;
mod environment;
mod files;
pub mod names;
mod options;
mod record;
mod rm;
mod root;
mod run;
mod running;
mod state;
pub mod user;

pub use options::Options;
pub use record::Record;
pub use running::Running;
pub use state::State;

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[run::RUN, run::CONTAINER, rm::RM]
}
