//! `volume prune`.

use std::io::{BufRead, Write};

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result};

use super::super::filter::{self, Filter};
use super::{gather, given, line};
use crate::Engine;

/// The verb.
pub(crate) const PRUNE: Command = Command { name: "volume prune", about: "Remove all unused volumes", define, run };

const WARNING: &str = "WARNING! This will remove all volumes not used by at least one container. \
                       The following volumes will be removed:";

fn define(command: clap::Command) -> clap::Command {
    images::root_argument(command)
        .arg(Arg::new("force").short('f').long("force").action(ArgAction::SetTrue).help("Do not ask"))
        .arg(
            Arg::new("filter")
                .long("filter")
                .value_name("NAME=VALUE")
                .action(ArgAction::Append)
                .help("Only those that fit: label, label!, until, name, opt"),
        )
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let filters = given(matches, "filter").iter().map(|text| Filter::parse(text)).collect::<Result<Vec<_>>>()?;
    if let Some(status) = namespaces::reexec_as_root()? {
        return Ok(status);
    }
    let engine = Engine::from_arguments(matches)?;
    engine.volumes().sweep();
    let mut names = Vec::new();
    let used = engine.used_volumes()?;
    for volume in engine.volumes().list()? {
        if !used.contains(&volume.name) && filter::wanted(&filters, &volume, false) {
            names.push(volume.name);
        }
    }
    if !matches.get_flag("force") && !agreed(&names, out)? {
        return Ok(0);
    }
    let mut last = None;
    for name in names {
        match engine.volumes().bury(&name, &|name| engine.ids_of_users(name), "prune") {
            Ok(()) => line(out, &name)?,
            // Somebody has begun to use it, or removed it, since we looked.
            Err(error) if [1, 2].contains(&error.status()) => {}
            Err(error) => gather(&mut last, error),
        }
    }
    last.map_or(Ok(0), Err)
}

fn agreed(names: &[String], out: &mut dyn Write) -> Result<bool> {
    line(out, WARNING)?;
    if names.is_empty() {
        line(out, "No dangling volumes found")?;
        return Ok(false);
    }
    names.iter().try_for_each(|name| line(out, name))?;
    let failed = |error| Error::os("ask whether to go on", error);
    write!(out, "Are you sure you want to continue? [y/N] ").and_then(|()| out.flush()).map_err(failed)?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    Ok(answer.trim_start().starts_with(['y', 'Y']))
}
