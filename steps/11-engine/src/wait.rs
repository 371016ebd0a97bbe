//! `wait CONTAINER...`: waits for the end, and prints the exit status.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result};

use crate::{Engine, names_of};

/// The verb.
pub const WAIT: Command = Command {
    name: "wait",
    about: "Wait until one or more containers have ended, and print their statuses",
    define,
    run,
};

fn define(command: clap::Command) -> clap::Command {
    let condition = Arg::new("condition").long("condition").value_name("STATE").action(ArgAction::Append);
    let condition = condition.value_parser(["stopped", "exited"]).default_value("stopped");
    let interval =
        Arg::new("interval").long("interval").value_name("TIME").help("Nothing: there is no need to look again");
    names_of::arguments(command, "All running containers").arg(condition.help("What to wait for")).arg(interval)
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let running = |record: &crate::Record| engine.state().is_running(&record.id);
    for asked in names_of::select(&engine, matches, running)? {
        let status = engine.wait(&asked.found?)?;
        writeln!(out, "{status}").map_err(|error| Error::os("write to standard output", error))?;
    }
    Ok(0)
}
