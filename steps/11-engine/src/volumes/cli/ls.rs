//! `volume ls`.

use std::collections::BTreeSet;
use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use images::template::{self, Headings};
use process::{Command, Error, Result, code};
use serde_json::Value;

use super::super::filter::{self, Filter};
use super::{given, report, row};
use crate::Engine;

/// The verb.
pub(crate) const LS: Command = Command { name: "volume ls", about: "List volumes", define, run };
/// The same.
pub(crate) const LIST: Command = Command { name: "volume list", about: "", ..LS };

const HEADINGS: Headings = Headings { verb: "ls", names: &[("Name", "VOLUME NAME")] };
/// What is shown when nobody says what.
const TABLE: &str = "table {{.Driver}}\t{{.Name}}";

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    images::root_argument(command)
        .arg(flag("quiet", "Display only names").short('q'))
        .arg(flag("noheading", "Do not print column headings").short('n'))
        .arg(Arg::new("format").long("format").value_name("TEMPLATE").help("json, or a Go template"))
        .arg(
            Arg::new("filter")
                .short('f')
                .long("filter")
                .value_name("NAME=VALUE")
                .action(ArgAction::Append)
                .help("Only those that fit: name, label, label!, opt, dangling, until, driver, scope"),
        )
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let format = matches.get_one::<String>("format").cloned();
    if matches.get_flag("quiet") && format.is_some() {
        return Err(Error::new("quiet and format flags cannot be used together").code(code::CONFLICT));
    }
    let filters = given(matches, "filter").iter().map(|text| Filter::parse(text)).collect::<Result<Vec<_>>>()?;
    let engine = Engine::from_arguments(matches)?;
    let mut reports = Vec::new();
    let used = if filters.is_empty() { BTreeSet::new() } else { engine.used_volumes()? };
    for volume in engine.volumes().list()? {
        if filter::wanted(&filters, &volume, used.contains(&volume.name)) {
            reports.push(report(&engine, volume));
        }
    }
    let format = match format {
        Some(format) if template::is_json(&format) => {
            template::print_json(out, &reports, 2)?;
            return Ok(0);
        }
        Some(format) if format != "table" => format,
        _ if matches.get_flag("quiet") => "{{.Name}}".into(),
        // Without headings it is still in columns.
        _ => TABLE.into(),
    };
    let rows: Vec<Value> = reports.iter().map(row).collect();
    let heading = !matches.get_flag("noheading");
    template::print_table(out, &format, &rows, &HEADINGS, heading)?;
    Ok(0)
}
