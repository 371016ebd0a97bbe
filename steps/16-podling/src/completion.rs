//! `completion SHELL`: what a shell needs to complete a command line of podling's.

use std::io::Write;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use clap_complete::Shell;
use process::{Command, Error, Result};

/// The verb.
pub const COMPLETION: Command = Command { name: "completion", about: "Write a shell's completion script", define, run };

fn define(command: clap::Command) -> clap::Command {
    let file = Arg::new("file").short('f').long("file").value_name("FILE").value_parser(value_parser!(PathBuf));
    // Descriptions are for the shells that show any; Podman's flag leaves them out, and so does every bash.
    let shell = Arg::new("shell").value_name("SHELL").required(true).value_parser(value_parser!(Shell));
    command.arg(file.help("Write to FILE")).arg(shell.action(ArgAction::Set).help("Which shell"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let mut script = Vec::new();
    if let Some(shell) = matches.get_one::<Shell>("shell") {
        clap_complete::generate(*shell, &mut crate::definition(), crate::NAME, &mut script);
    }
    match matches.get_one::<PathBuf>("file") {
        Some(path) => {
            std::fs::write(path, script).map_err(|error| Error::os(format!("write {}", path.display()), error))?;
        }
        None => out.write_all(&script).map_err(|error| Error::os("write to standard output", error))?,
    }
    Ok(0)
}
