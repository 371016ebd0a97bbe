//! `rm NAME...`: removes containers that have ended.

use std::io::Write;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result};

use crate::State;

/// The verb.
pub const RM: Command = Command { name: "rm", about: "Remove containers", define, run };

fn define(command: clap::Command) -> clap::Command {
    let names = Arg::new("names").value_name("CONTAINER").help("Names or ids").required(true).action(ArgAction::Append);
    images::root_argument(command).arg(names.num_args(1..))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    // Files of the container belong to subordinate ids.
    if let Some(status) = namespaces::reexec_as_root()? {
        return Ok(status);
    }
    let root = match matches.get_one::<PathBuf>("root") {
        Some(root) => root.clone(),
        None => images::default_root()?,
    };
    let state = State::new(root);
    state.sweep()?;
    for name in matches.get_many::<String>("names").into_iter().flatten() {
        let record = state
            .list()?
            .into_iter()
            .find(|record| record.name == *name || (name.len() >= 2 && record.id.starts_with(name.as_str())))
            .ok_or_else(|| {
                Error::new(format!("no container with ID or name \"{name}\" found: no such container")).exit(1)
            })?;
        if state.is_running(&record.id) {
            return Err(Error::new(format!(
                "cannot remove container {} as it is running - running or paused containers cannot be removed without \
                 force: container state improper",
                record.id
            ))
            .exit(2));
        }
        let running = state.lock(&record.id)?;
        if let Err(error) = state.remove(&record.id, &record.name) {
            running.leave();
            return Err(error);
        }
        writeln!(out, "{name}").map_err(|error| Error::os("write to standard output", error))?;
    }
    Ok(0)
}
