//! Step 15: called over HTTP. The Docker-compatible API and Podman's own ("libpod"), on a socket of the user.
//!
//! ```text
//! server/   sockets, connections, the end when nobody calls
//! routes/   every path that Podman knows, and what answers it
//! api/      one handler a request: it calls the engine, which blocks, on a thread of its own
//! docker/   Docker's documents: what they ask for, and what they tell
//! ```
//!
//! Nothing here forks: what starts a process or enters a namespace is done by this program, started afresh.

mod age;
mod answer;
mod api;
mod base64;
mod begin;
mod call;
mod create;
mod docker;
mod fetch;
mod frames;
mod hijack;
mod kernel;
mod libpod;
mod link;
mod lives;
mod program;
mod query;
pub mod routes;
mod server;
mod service;
mod session;

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    const COMMANDS: &[Command] =
        &[process::command::group("system", "Manage podling"), service::SERVICE, begin::BEGIN, fetch::FETCH];
    COMMANDS
}
