//! `help [VERB...]`: the same as `VERB --help`.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};

/// The verb.
pub const HELP: Command = Command { name: "help", about: "Help about any command", define, run };

fn define(command: clap::Command) -> clap::Command {
    command.arg(Arg::new("verb").value_name("COMMAND").action(ArgAction::Append).help("Which one"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let mut app = crate::definition();
    app.build();
    let mut at = &mut app;
    let mut asked = crate::NAME.to_string();
    for word in matches.get_many::<String>("verb").into_iter().flatten() {
        asked = format!("{asked} {word}");
        let unknown = || {
            Error::new(format!("unknown help topic: {asked}"))
                .code(code::UNKNOWN_FLAG)
                .hint("`podling --help` lists what is there")
        };
        at = at.find_subcommand_mut(word).ok_or_else(unknown)?;
    }
    write!(out, "{}", at.render_help()).map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}
