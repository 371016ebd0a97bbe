//! `run IMAGE [COMMAND...]`: `create` and `start` in one.

use std::fs::File;
use std::io::{self, IsTerminal, Write};

use clap::{Arg, ArgAction, ArgMatches};
use monitor::{Client, Outcome, client};
use process::{Command, Error, Result};

use crate::create::warn;
use crate::flags::{self, Making};
use crate::{Engine, Options, Record, explain};

/// The verb.
pub const RUN: Command = Command { name: "run", about: "Run a command in a new container", define, run };

fn define(command: clap::Command) -> clap::Command {
    let command = flags::arguments(command).arg(
        Arg::new("detach")
            .short('d')
            .long("detach")
            .action(ArgAction::SetTrue)
            .help("Run it in the background, and print its id"),
    );
    proxy(command)
}

/// Adds what whoever is attached may choose.
pub(crate) fn proxy(command: clap::Command) -> clap::Command {
    let keys = Arg::new("detach-keys").long("detach-keys").value_name("KEYS").help("The keys that leave it alone");
    let proxy = Arg::new("sig-proxy").long("sig-proxy").value_name("BOOL").num_args(0..=1).require_equals(true);
    let proxy = proxy.default_missing_value("true").value_parser(clap::value_parser!(bool));
    command.arg(keys.default_value("ctrl-p,ctrl-q")).arg(proxy.help("Pass signals on to it"))
}

// ANCHOR: run
fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    // What is wrong with the command line is said before anything is made.
    let options = Options::from_arguments(matches)?;
    let making = Making::from_arguments(matches)?;
    warn(&options);
    if options.interactive && options.terminal && !io::stdin().is_terminal() {
        eprintln!("The input device is not a TTY. The --tty and --interactive flags might not work properly");
    }
    let detach = matches.get_flag("detach");
    let client = attached(matches, options.interactive, options.terminal)?;
    let engine = Engine::from_arguments(matches)?;
    let (record, running) = engine.prepare(&options, &making)?;
    let told = Told::open(&engine, &record)?;
    let launched = engine.launch(&record, running, !detach)?;
    if detach || told.is_some() {
        let started = launched.started();
        // Before the program's own words.
        told.map_or(Ok(()), Told::show)?;
        started?;
    }
    if detach {
        launched.leave();
        writeln!(out, "{}", record.id).map_err(|error| Error::os("write to standard output", error))?;
        return Ok(0);
    }
    let outcome = client.relay(&launched.socket);
    launched.leave();
    if outcome.is_err() && options.remove {
        // Nobody hears it any more, and nobody would look for it.
        engine.stop(&record, None)?;
    }
    status(outcome?)
}
// ANCHOR_END: run

/// The explanation that a container's monitor writes: opened before there is a monitor, for the container and its files
/// may be gone when it is read.
struct Told(File);

impl Told {
    fn open(engine: &Engine, record: &Record) -> Result<Option<Told>> {
        if !record.options.explain {
            return Ok(None);
        }
        let path = explain::file(&engine.state().container(&record.id));
        let failed = |error| Error::os(format!("create {}", path.display()), error);
        File::create(&path).map_err(failed)?;
        File::open(&path).map(|file| Some(Told(file))).map_err(failed)
    }

    fn show(mut self) -> Result<()> {
        io::copy(&mut self.0, &mut io::stderr()).map(drop).map_err(|error| Error::os("tell what was done", error))
    }
}

/// What is passed on between the caller and the container.
///
/// # Errors
/// When the keys cannot be read.
pub(crate) fn attached(matches: &ArgMatches, input: bool, terminal: bool) -> Result<Client> {
    let keys = matches.get_one::<String>("detach-keys").map_or("ctrl-p,ctrl-q", String::as_str);
    let signals = matches.get_one::<bool>("sig-proxy").copied().unwrap_or(true);
    Ok(Client { input, terminal, signals, detach: client::keys(keys)? })
}

/// The exit status of a command that watched a container.
///
/// # Errors
/// When the container could not be started.
pub(crate) fn status(outcome: Outcome) -> Result<u8> {
    match outcome {
        Outcome::Exited(status) => Ok(status),
        Outcome::Failed(error) => Err(error),
        Outcome::Detached => Ok(0),
        // Its monitor was killed, and the container with it.
        Outcome::Lost => Ok(137),
    }
}
