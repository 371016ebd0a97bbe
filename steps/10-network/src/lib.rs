//! Step 10: a network. The container talks: pasta(1) carries its packets, and only the ports that are asked for lead in.

mod dns;
mod explain;
mod expose;
mod files;
mod hosts;
mod inside;
mod kernel;
mod list;
mod mode;
mod network;
mod options;
mod pasta;
mod port;
pub mod ports;
mod publish;
pub mod run;

pub use dns::Dns;
pub use expose::Exposed;
pub use hosts::{Host, Hosts};
pub use inside::PING;
pub use list::list;
pub use mode::Mode;
pub use network::Network;
pub use options::arguments;
pub use pasta::{Attached, Starting};
pub use port::{Port, Protocol};

use process::Command;
use process::command::group;

/// The verbs that are below it.
const NETWORK: Command = group("network", "Manage networks");

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[run::RUN, run::CONTAINER, NETWORK, list::LS, list::INSPECT, list::EXISTS]
}
