//! `unshare [COMMAND...]`: as root of the user's own namespace, where the ids of containers are to be had.

use std::ffi::OsString;
use std::io::Write;

use clap::{Arg, ArgMatches, value_parser};
use namespaces::Storage;
use nix::unistd::geteuid;
use process::{Command, Error, Program, Result, Stdio, code};

/// The verb.
pub const UNSHARE: Command =
    Command { name: "unshare", about: "Run a command in the user namespace of the user's containers", define, run };

fn define(command: clap::Command) -> clap::Command {
    command.arg(
        Arg::new("command")
            .value_name("COMMAND")
            .num_args(0..)
            .trailing_var_arg(true)
            .allow_hyphen_values(true)
            .value_parser(value_parser!(OsString))
            .help("The command and its arguments [default: the user's shell]"),
    )
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    if geteuid().is_root() {
        return Err(Error::new("please use unshare with rootless").code(code::OTHER_CALLER));
    }
    let mut words: Vec<OsString> = matches.get_many("command").into_iter().flatten().cloned().collect();
    if words.is_empty() {
        words.push(std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into()));
    }
    let stdio = Stdio { terminal: false, interactive: true };
    Storage::open()?.run(&Program::new(words), stdio, &())
}
