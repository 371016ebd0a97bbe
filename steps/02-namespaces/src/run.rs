//! `run COMMAND`: in namespaces of its own.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Result, Stdio};

use crate::{Hostname, Namespaces, subid};

/// The verb.
pub const RUN: Command =
    Command { name: "run", about: "Run a program in namespaces of its own", define: arguments, run };

/// Adds what `run` has from this step on: `--hostname`, `--network`, `--init`.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    process::run::arguments(init(network(hostname(command))))
}

/// Adds `--hostname`.
#[must_use]
pub fn hostname(command: clap::Command) -> clap::Command {
    // With Podman, -h is the host name here, and only --help is help.
    let help = Arg::new("help").long("help").action(ArgAction::Help).help("Print help");
    let hostname = Arg::new("hostname").short('h').long("hostname").value_name("NAME").value_parser(Hostname::parse);
    command.disable_help_flag(true).arg(hostname.help("Its host name")).arg(help)
}

/// Adds `--init`.
#[must_use]
pub fn init(command: clap::Command) -> clap::Command {
    let init = Arg::new("init").long("init").action(ArgAction::SetTrue);
    command.arg(init.help("Run an init as process 1, which passes signals on and reaps"))
}

/// Adds `--network`.
#[must_use]
pub fn network(command: clap::Command) -> clap::Command {
    command.arg(
        Arg::new("network")
            .long("network")
            .visible_alias("net")
            .value_name("MODE")
            .value_parser(["none", "host"])
            .default_value("none")
            .help("Its network: none of its own but loopback, or the host's"),
    )
}

/// Whether the command line asks for an own network namespace.
#[must_use]
pub fn own_network(matches: &ArgMatches) -> bool {
    matches.get_one::<String>("network").is_none_or(|mode| mode != "host")
}

/// The namespaces and the host name of the command line.
///
/// # Errors
/// As [`Namespaces::container`].
pub fn from_arguments(matches: &ArgMatches) -> Result<(Namespaces, Hostname)> {
    let namespaces = Namespaces::container(own_network(matches))?;
    if let Some(notice) = subid::notice()? {
        eprintln!("{notice}");
    }
    Ok((namespaces, Hostname(matches.get_one::<String>("hostname").filter(|name| !name.is_empty()).cloned())))
}

/// The program of the command line, as the child of an init when it asks for one.
#[must_use]
pub fn program(matches: &ArgMatches) -> process::Program {
    let program = process::run::program(matches);
    if matches.get_flag("init") { process::init::program(program) } else { program }
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let (namespaces, hostname) = from_arguments(matches)?;
    namespaces.run(&program(matches), Stdio::from_arguments(matches), &hostname)
}
