//! `ps ID`: the processes of a container.

use std::io::Write;

use clap::{Arg, ArgMatches};
use process::{Command, Error, Result};
use serde_json::Value;

use crate::options::{self, given_id};
use crate::record::Status;
use crate::store::Store;
use crate::{globals, processes};

/// The verb.
pub const PS: Command = Command { name: "ps", about: "List the processes of a container", define, run };

fn define(command: clap::Command) -> clap::Command {
    let format = Arg::new("format").short('f').long("format").value_name("FORMAT").value_parser(["table", "json"]);
    options::id(command).arg(format.default_value("table").help("How"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    globals::logged(ps(matches, out))
}

fn ps(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let id = given_id(matches);
    let place = Store::open()?.place(id)?;
    let record = place.read()?;
    let wanted = [Status::Created, Status::Running, Status::Paused];
    record.status(&place).demand(&wanted, "list the processes of", id)?;
    let pids: Vec<i32> = processes::of(&record).iter().map(|who| who.pid).collect();
    let json = matches.get_one::<String>("format").is_some_and(|format| format == "json");
    let text = match json {
        true => format!("{}\n", Value::from(pids)),
        false => std::iter::once("PID\n".into()).chain(pids.iter().map(|pid| format!("{pid}\n"))).collect(),
    };
    out.write_all(text.as_bytes()).map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}
