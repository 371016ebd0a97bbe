//! Step 01: a process. Starts a program, forwards signals, reaps children, owns a terminal.

mod child;
pub mod code;
pub mod command;
pub mod console;
pub mod error;
pub mod explain;
pub mod file;
pub mod init;
mod kernel;
pub mod prerequisite;
mod program;
mod relay;
pub mod run;
pub mod secret;
pub mod setup;
pub mod signals;
mod start;
mod stdio;
mod through;

pub use child::Child;
pub use command::Command;
pub use console::Console;
pub use error::{Error, Result};
pub use program::Program;
pub use relay::Relay;
pub use setup::Setup;
pub use start::{Created, Halfway, Held, Start};
pub use stdio::{Input, Stdio, silence};

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[run::RUN]
}
