//! `volume inspect VOLUME...`, `volume exists VOLUME`.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use images::template;
use process::{Command, Error, Result, code};
use serde_json::Value;

use super::{Report, gather, given, names, report, row};
use crate::Engine;

/// The verb.
pub(crate) const INSPECT: Command =
    Command { name: "volume inspect", about: "Display detailed information on one or more volumes", define, run };
/// The verb.
pub(crate) const EXISTS: Command =
    Command { name: "volume exists", about: "Check if a volume exists", define: define_exists, run: exists };

fn define(command: clap::Command) -> clap::Command {
    images::root_argument(command)
        .arg(Arg::new("all").short('a').long("all").action(ArgAction::SetTrue).help("All volumes"))
        .arg(Arg::new("format").short('f').long("format").value_name("TEMPLATE").help("json, or a Go template"))
        .arg(names("Names, or beginnings of names"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let (names, all) = (given(matches, "names"), matches.get_flag("all"));
    if names.is_empty() != all {
        return Err(Error::new(match all {
            true => "all and latest options conflict with volume names",
            false => "provide one or more volume names or use --all",
        })
        .code(code::WRONG_COUNT));
    }
    let engine = Engine::from_arguments(matches)?;
    let mut last = None;
    let mut reports: Vec<Report> = Vec::new();
    if all {
        reports.extend(engine.volumes().list()?.into_iter().map(|volume| report(&engine, volume)));
    }
    for name in names {
        match engine.volumes().find(&name) {
            Ok(volume) => reports.push(report(&engine, volume)),
            Err(error) if error.status() == 1 => {
                gather(
                    &mut last,
                    Error::new(format!("inspecting object: no such volume {name}")).code(code::NO_VOLUME),
                );
            }
            Err(error) => gather(&mut last, Error::within(format!("inspecting volume {name}"), error)),
        }
    }
    match matches.get_one::<String>("format").filter(|format| !template::is_json(format)) {
        None => template::print_json(out, &reports, 5)?,
        Some(format) => {
            let rows: Vec<Value> = reports.iter().map(row).collect();
            rows.iter().try_for_each(|row| template::print_one(out, "inspect", format, row))?;
        }
    }
    last.map_or(Ok(0), Err)
}

fn define_exists(command: clap::Command) -> clap::Command {
    images::root_argument(command).arg(names("The name"))
}

fn exists(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let names = given(matches, "names");
    let [name] = &names[..] else {
        return Err(Error::new(format!("accepts 1 arg(s), received {}", names.len())).code(code::WRONG_COUNT));
    };
    let engine = Engine::from_arguments(matches)?;
    Ok(u8::from(engine.volumes().get(name)?.is_none()))
}
