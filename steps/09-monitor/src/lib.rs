//! Step 09: a monitor. A container outlives the terminal that it was started from, because a small process of its own
//! is its parent: it keeps its output, knows its exit status, and lets others look.

mod cli;
pub mod client;
mod first;
mod hub;
pub mod journal;
mod kernel;
pub mod log;
pub mod message;
mod monitor;
pub mod spawn;
mod streams;

pub use client::{Client, Outcome};
pub use first::First;
pub use hub::{SOCKET, dial};
pub use monitor::{Life, run};
pub use streams::{Ends, Kind, Stream};

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &cli::COMMANDS
}
