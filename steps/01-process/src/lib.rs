//! Step 01: a process. Starts a program, forwards signals, reaps children, owns a terminal.

pub mod command;
pub mod error;
pub mod setup;

pub use command::Command;
pub use error::{Error, Result};
pub use setup::Setup;
