//! `load`: images from an archive.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::{Command, Error, Result, code};

use super::{enter, open_store, root_argument};

pub const COMMAND: Command = Command { name: "load", about: "Load image(s) from a tar archive", define, run };

fn define(command: clap::Command) -> clap::Command {
    root_argument(command)
        .arg(
            Arg::new("input")
                .short('i')
                .long("input")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Read from FILE, a docker-archive or an oci-archive (default: standard input)"),
        )
        .arg(Arg::new("quiet").short('q').long("quiet").action(ArgAction::SetTrue).help("Suppress progress output"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let input = matches.get_one::<PathBuf>("input");
    if input.is_none() && std::io::stdin().is_terminal() {
        return Err(Error::new("cannot read from terminal, use command-line redirection or the --input flag")
            .code(code::WRONG_COUNT));
    }
    if let Some(status) = enter()? {
        return Ok(status);
    }
    let store = open_store(matches)?;
    let names = match input {
        Some(path) => store.load(path)?,
        None => {
            let stdin = std::io::stdin().as_fd().try_clone_to_owned();
            store.load_file(File::from(stdin.map_err(|error| Error::os("read standard input", error))?))?
        }
    };
    for name in names {
        writeln!(out, "Loaded image: {name}").map_err(|error| Error::os("write to standard output", error))?;
    }
    Ok(0)
}
