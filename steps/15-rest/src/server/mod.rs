//! Sockets, connections, and the end when nobody calls.

mod guard;
mod idle;
mod listen;
mod serve;

pub(crate) use idle::{Busy, Idle};
pub(crate) use listen::{Listening, listen};
pub(crate) use serve::{From, serve};
