//! `version`.

use std::io::Write;

use clap::ArgMatches;
use process::{Command, Error, Result};

/// The verb.
pub const VERSION: Command = Command { name: "version", about: "Show the version", define: |command| command, run };

fn run(_matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let platform = format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH);
    write!(
        out,
        "Client:       Podling Engine\nVersion:      {}\nOS/Arch:      {platform}\n",
        env!("CARGO_PKG_VERSION")
    )
    .map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}
