//! `state ID`: what others may know of a container.

use std::io::Write;

use clap::ArgMatches;
use process::{Command, Error, Result, code};

use crate::globals;
use crate::options::{self, given_id};
use crate::store::Store;

/// The verb.
pub const STATE: Command = Command { name: "state", about: "Show the state of a container", define: options::id, run };

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    globals::logged(show(given_id(matches), out))
}

fn show(id: &str, out: &mut dyn Write) -> Result<u8> {
    let place = Store::open()?.place(id)?;
    let record = place.read()?;
    let state = record.state(record.status(&place));
    let text = serde_json::to_string_pretty(&state)
        .map_err(|error| Error::because("write the state", error).code(code::INTERNAL))?;
    writeln!(out, "{text}").map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}
