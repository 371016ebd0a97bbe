//! `system migrate`: what the administrator changed in `/etc/subuid` and `/etc/subgid` holds for what runs from now on.

use std::io::Write;

use clap::ArgMatches;
use process::{Command, Result};

use crate::Engine;

/// The verb.
pub const MIGRATE: Command = Command {
    name: "system migrate",
    about: "Stop all containers, and end the process that keeps the user's namespace",
    define: images::root_argument,
    run: migrate,
};

fn migrate(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    for record in engine.list()? {
        engine.stop(&record, None)?;
    }
    namespaces::Storage::end()?;
    Ok(0)
}
