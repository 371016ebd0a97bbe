//! `attach CONTAINER`: to see what a running container writes, and to type to it.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use monitor::client;
use process::{Command, Error, Result, code};

use crate::Engine;
use crate::run::{attached, proxy, status};

/// The verb.
pub const ATTACH: Command = Command { name: "attach", about: "Attach to a running container", define, run };

fn define(command: clap::Command) -> clap::Command {
    let container = Arg::new("name").value_name("CONTAINER").required(true).help("Name or id");
    let quiet = Arg::new("no-stdin").long("no-stdin").action(ArgAction::SetTrue).help("Pass on nothing that is typed");
    proxy(images::root_argument(command)).arg(container).arg(quiet)
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let record = engine.find(matches.get_one::<String>("name").map_or("", String::as_str))?;
    let socket = match engine.state().is_running(&record.id) {
        true => monitor::dial(&engine.state().container(&record.id))?,
        false => None,
    };
    let socket =
        socket.ok_or_else(|| Error::new("you can only attach to running containers").code(code::NOT_RUNNING))?;
    let options = &record.options;
    let client = attached(matches, options.interactive && !matches.get_flag("no-stdin"), options.terminal)?;
    client::hello(&socket, options.terminal)?;
    engine.event("attach", &record, &[]);
    status(client.relay(&socket)?)
}
