//! `kill ID [SIGNAL]`.

use std::io::Write;

use clap::{Arg, ArgMatches};
use process::{Command, Error, Result, code};

use crate::options::{self, given_id};
use crate::record::Status;
use crate::store::Store;
use crate::{globals, processes, signal};

/// The verb.
pub const KILL: Command = Command { name: "kill", about: "Send a signal to a container", define, run };

fn define(command: clap::Command) -> clap::Command {
    options::id(command)
        .arg(
            Arg::new("signal")
                .value_name("SIGNAL")
                .default_value("TERM")
                .value_parser(signal::parse)
                .allow_negative_numbers(true)
                .help("Which, by name or number"),
        )
        .arg(options::flag("all", "Send it to all of its processes").short('a'))
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let signal = matches.get_one::<u32>("signal").copied().unwrap_or(15);
    globals::logged(kill(given_id(matches), signal, matches.get_flag("all")))
}

// ANCHOR: kill
fn kill(id: &str, signal: u32, all: bool) -> Result<u8> {
    let place = Store::open()?.place(id)?;
    let record = place.read()?;
    let status = record.status(&place);
    if all {
        // What is left of a container that has ended, too.
        for process in processes::of(&record) {
            // It may be gone by now.
            let _ = process.signal(signal);
        }
        return Ok(0);
    }
    let init =
        record.init.ok_or_else(|| Error::new(format!("container {id} has no process yet")).code(code::NOT_RUNNING))?;
    status.demand(&[Status::Created, Status::Running, Status::Paused], "kill", id)?;
    init.signal(signal)?;
    Ok(0)
}
// ANCHOR_END: kill
