//! `create ID`: makes the container, all but its program.

use std::io::Write;

use clap::ArgMatches;
use process::{Command, Result};

use crate::launch::{Until, launch};
use crate::{globals, options};

/// The verb.
pub const CREATE: Command = Command { name: "create", about: "Create a container", define: options::create, run };

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(launch(matches, Until::Created))
}
