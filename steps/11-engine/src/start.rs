//! `start CONTAINER...`.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};

use crate::run::{attached, proxy, status};
use crate::{Engine, Record, names_of};

/// The verb.
pub const START: Command = Command { name: "start", about: "Start one or more containers", define, run };

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let command = names_of::arguments(command, "All containers, running or not");
    // -a is --attach here, -i is --interactive.
    let command = command.mut_arg("all", |all| all.short(None)).mut_arg("ignore", |ignore| ignore.short(None));
    proxy(command)
        .arg(flag("attach").short('a').help("Show what it writes, and wait for its end"))
        .arg(flag("interactive").short('i').help("Pass on what is typed, too"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let asked = names_of::select(&engine, matches, |_| true)?;
    let (attach, input) = (matches.get_flag("attach"), matches.get_flag("interactive"));
    if !attach && !input {
        return names_of::each(asked, out, |record| engine.start(record).map(drop));
    }
    let [one] = &asked[..] else {
        return Err(Error::new("you cannot start and attach multiple containers at once").code(code::CONFLICT));
    };
    let record = one.found.clone()?;
    let client = attached(matches, input && record.options.interactive, record.options.terminal)?;
    let Some(running) = engine.state().lock(&record.id)? else {
        return Err(Error::new(format!("container {} is already running: container state improper", record.id))
            .code(code::WRONG_STATE));
    };
    let launched = engine.launch(&record, running, true)?;
    let outcome = client.relay(&launched.socket)?;
    launched.leave();
    status(outcome)
}

impl Engine {
    /// Starts a container, and returns when its program runs; false when it ran already.
    ///
    /// # Errors
    /// Why it could not be started.
    pub fn start(&self, record: &Record) -> Result<bool> {
        let Some(running) = self.state().lock(&record.id)? else { return Ok(false) };
        let launched = self.launch(record, running, false)?;
        launched.started()?;
        launched.leave();
        Ok(true)
    }

    /// Starts a container and returns the connection to its monitor, which says everything on it: whether its program
    /// runs, its end, and with `attach` what the container writes, from the first byte on. `None` when it runs already.
    ///
    /// # Errors
    /// When there is no monitor to be had.
    pub fn start_connected(&self, record: &Record, attach: bool) -> Result<Option<std::os::fd::OwnedFd>> {
        let Some(running) = self.state().lock(&record.id)? else { return Ok(None) };
        let launched = self.launch(record, running, attach)?;
        Ok(Some(launched.leave_connected()))
    }
}
