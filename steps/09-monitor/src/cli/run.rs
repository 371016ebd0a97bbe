//! `run [-d] --bundle DIR ID`.

use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::{Command, Error, Result};
use runtime::Container;

use super::{directory, id};
use crate::log::LogFile;
use crate::{Client, Kind, Life, Outcome, client, spawn};
use crate::{Ends, First};

/// The verb.
pub const RUN: Command = Command { name: "run", about: "Run the container of a bundle", define, run };
/// The verb again, on the other side.
pub const KEEP: Command = Command { name: "keep", about: "", define, run: keep };

fn define(command: clap::Command) -> clap::Command {
    let detach = Arg::new("detach").short('d').long("detach").action(ArgAction::SetTrue);
    let bundle = Arg::new("bundle").short('b').long("bundle").value_name("DIR").default_value(".");
    id(command)
        .arg(detach.help("Do not wait for it"))
        .arg(bundle.value_parser(value_parser!(PathBuf)).help("The directory with config.json"))
}

/// The container of the bundle, and whether it has a terminal.
fn load(matches: &ArgMatches) -> Result<(Container, bool, PathBuf)> {
    let here = PathBuf::from(".");
    let (spec, bundle) = runtime::load(matches.get_one::<PathBuf>("bundle").unwrap_or(&here))?;
    let terminal = spec.process().as_ref().and_then(|process| process.terminal()).unwrap_or(false);
    Ok((Container::from_spec(&spec, &bundle)?, terminal, bundle))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let (_, terminal, bundle) = load(matches)?;
    let directory = directory(matches)?;
    let id = matches.get_one::<String>("id").cloned().unwrap_or_default();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&directory);
    let lock = made.and_then(|()| File::create(directory.join("lock")));
    let lock = lock.map_err(|error| Error::os(format!("make {}", directory.display()), error))?;
    let args = ["monitor", "keep", "--bundle"].map(Into::into).into_iter().chain([bundle.into(), id.clone().into()]);
    let detach = matches.get_flag("detach");
    let (monitor, socket) = spawn::spawn(args.collect(), lock.into(), |socket| match detach {
        true => Ok(()),
        false => client::hello(socket, terminal),
    })?;
    if detach {
        client::started(&socket)?;
        monitor.leave();
        writeln!(out, "{id}").map_err(|error| Error::os("write to standard output", error))?;
        return Ok(0);
    }
    let client = Client { input: true, terminal, signals: true, detach: client::keys("ctrl-p,ctrl-q")? };
    let outcome = client.relay(&socket)?;
    monitor.leave();
    status(outcome)
}

pub(super) fn status(outcome: Outcome) -> Result<u8> {
    match outcome {
        Outcome::Exited(status) => Ok(status),
        Outcome::Failed(error) => Err(error),
        Outcome::Detached => Ok(0),
        Outcome::Lost => Ok(137),
    }
}

fn keep(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    // Before the standard descriptors are taken away: a relative bundle was made absolute by who started us.
    let (container, terminal, _) = load(matches)?;
    let directory = directory(matches)?;
    let (socket, _lock) = spawn::handed()?;
    let mut log = LogFile::open(Path::new(&directory.join("log")), 0)?;
    let kind = Kind { terminal, input: true, window: None, owner: container.confinement.user.uid };
    crate::run(Some(socket), &directory, kind, &mut log, &mut Bundle(container))
}

/// The life of a bundle's container: it is made, it runs, it ends, and that is all.
// ANCHOR: life
struct Bundle(Container);

impl Life for Bundle {
    fn create(&mut self, stdio: &Ends) -> Result<First> {
        self.0.create(&stdio, None, &|_| Ok(())).map(First::Ours)
    }

    fn started(&mut self, _pid: u32) -> Result<()> {
        Ok(())
    }

    fn ended(&mut self, _status: u8) -> Result<Option<Duration>> {
        Ok(None)
    }
}
// ANCHOR_END: life
