//! This step's own program: containers of bundles that outlive the terminal. What it keeps of each is in
//! `$XDG_RUNTIME_DIR/podling-monitor/ID`: its log, its monitor's socket, and a lock that the monitor holds.

mod look;
mod run;

use std::path::PathBuf;

use clap::{Arg, ArgMatches};
use process::{Command, Error, Result, code};

/// The verbs.
pub(crate) static COMMANDS: [Command; 5] = [run::RUN, run::KEEP, look::LOGS, look::ATTACH, look::WAIT];

fn id(command: clap::Command) -> clap::Command {
    let id = Arg::new("id").value_name("ID").required(true).value_parser(runtime::check_id);
    command.arg(id.help("The container's id"))
}

/// The directory of the container that is named.
fn directory(matches: &ArgMatches) -> Result<PathBuf> {
    let id = matches.get_one::<String>("id").ok_or_else(|| Error::new("no id").code(code::WRONG_COUNT))?;
    let run = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let run = run.ok_or_else(|| {
        Error::new("XDG_RUNTIME_DIR is not set, so there is no place for containers").code(code::NO_RUNTIME_DIRECTORY)
    })?;
    Ok(run.join("podling-monitor").join(id))
}
