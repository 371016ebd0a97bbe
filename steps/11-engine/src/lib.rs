//! Step 11: an engine. A container has an image, a name and a life.

mod agent;
mod attach;
mod compose;
mod create;
mod engine;
mod environment;
mod event;
pub mod events;
mod exec;
mod explain;
mod fetch;
mod files;
mod filter;
pub mod flags;
mod foreign;
mod group;
mod ids;
pub mod info;
pub mod inspect;
mod join;
mod journal;
mod keeper;
mod launch;
mod layered;
pub mod logs;
mod mapped;
mod migrate;
mod mounts;
pub mod names;
mod names_of;
mod neighbours;
mod notify;
pub mod options;
mod orphans;
pub mod ps;
mod record;
mod remove;
pub mod restart;
mod rm;
mod root;
mod run;
mod running;
mod shm;
pub mod signal;
mod small;
pub mod spaces;
mod start;
mod state;
pub mod status;
mod stdio;
mod stop;
pub mod storage;
pub mod times;
mod unshare;
pub mod user;
mod users;
pub mod volumes;
mod wait;
mod watch;

pub use engine::Engine;
pub use filter::Filters;
pub use foreign::set_runtime;
pub use logs::Wanted;
pub use options::Options;
pub use record::{Mounted, Record};
pub use running::Running;
pub use state::State;
pub use status::{Life, Phase, Status};
pub use watch::{Ended, Watch};

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &group::COMMANDS
}
