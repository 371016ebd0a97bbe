//! `run COMMAND [ARG...]`: starts a program and is its proxy until it ends.

use std::ffi::OsString;
use std::io::Write;

use clap::{Arg, ArgMatches, value_parser};

use crate::{Command, Program, Result, Start, Stdio};

/// The verb.
pub const RUN: Command = Command { name: "run", about: "Run a program", define, run };

fn define(command: clap::Command) -> clap::Command {
    arguments(command)
}

/// Adds what every `run` of every step has: `-i`, `-t`, and the command line of the program.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    Stdio::arguments(command).arg(
        Arg::new("command")
            .value_name("COMMAND")
            .help("The program and its arguments")
            .required(true)
            .num_args(1..)
            .trailing_var_arg(true)
            .value_parser(value_parser!(OsString)),
    )
}

/// The program of the command line, in the caller's environment.
#[must_use]
pub fn program(matches: &ArgMatches) -> Program {
    Program::new(matches.get_many::<OsString>("command").into_iter().flatten())
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    Stdio::from_arguments(matches).run(&Start::new(&program(matches), &()))
}
