//! Step 04: limits and measures. A container's processes in a cgroup of their own (cgroup v2 only: cgroups(7), Linux's
//! Documentation/admin-guide/cgroup-v2.rst).

mod arguments;
pub mod bus;
mod cgroup;
mod devices;
mod entrance;
mod events;
mod explain;
mod files;
mod filter;
mod hierarchy;
mod io;
mod kernel;
mod limits;
mod message;
mod namespace;
mod place;
mod placement;
mod pressure;
pub mod run;
mod scope;
mod score;
mod settings;
mod size;
pub mod stall;
mod statistics;
mod sweep;
mod trigger;

pub use arguments::arguments;
pub use cgroup::Cgroup;
pub use devices::{DeviceKind, DeviceRule};
pub use entrance::Entrance;
pub use events::Events;
pub use io::DeviceLimits;
pub use limits::Limits;
pub use namespace::OwnNamespace;
pub use place::Place;
pub use placement::{Mode, Placement};
pub use pressure::{Pressure, Resource, Stall};
pub use size::parse as parse_size;
pub use statistics::Statistics;
pub use sweep::sweep;
pub use trigger::{Alarm, Trigger};

use process::Command;

/// Whether the system has cgroup v2 and nothing else, so that there is something to limit by.
#[must_use]
pub fn available() -> bool {
    hierarchy::is_unified()
}

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[run::RUN, stall::PRESSURE]
}
