//! `auto-update`: services whose image has become newer are restarted with it, and with the old one again when the newer
//! one does not start.

pub mod command;
mod restart;
mod task;

pub use restart::{connect, restart};
pub use task::{Policy, Report, Task, Updated, Updater};
