//! `generate systemd`: a unit of a container that is there.

pub mod command;
mod line;
mod unit;

pub use line::{Flag, Line, knows};
pub use unit::{Container, Options, generate};
