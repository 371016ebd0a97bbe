//! `quadlet generate`: what the generator makes, for a person who wants to see it.

use std::io::Write;

use clap::ArgMatches;
use process::error::EXIT_ENGINE;
use process::{Command, Result, command};

use super::generator;

/// The group.
pub const GROUP: Command = command::group("quadlet", "Look at Quadlet files");

/// The verb.
pub const GENERATE: Command =
    Command { name: "quadlet generate", about: "Show the services that systemd gets of Quadlet files", define, run };

fn define(command: clap::Command) -> clap::Command {
    command
}

fn run(_matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    Ok(if generator::show(out) { 0 } else { EXIT_ENGINE })
}
