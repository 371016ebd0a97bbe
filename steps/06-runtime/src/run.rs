//! `run ID`: creates a container, starts it, waits for it and deletes it.

use std::io::Write;

use clap::ArgMatches;
use process::{Command, Result};

use crate::launch::{Until, launch};
use crate::{globals, options};

/// The verb.
pub const RUN: Command = Command { name: "run", about: "Run the container of a bundle", define, run };

fn define(command: clap::Command) -> clap::Command {
    options::create(command).arg(options::flag("detach", "Do not wait for it").short('d'))
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let until = if matches.get_flag("detach") { Until::Started } else { Until::Ended };
    globals::logged(launch(matches, until))
}
