//! `list`: all containers.

use std::io::Write;

use clap::{Arg, ArgMatches};
use process::{Command, Error, Result};
use serde_json::{Value, json};

use crate::record::{Record, Status};
use crate::store::Store;
use crate::{globals, options};

/// The verb.
pub const LIST: Command = Command { name: "list", about: "List the containers", define, run };

fn define(command: clap::Command) -> clap::Command {
    let format = Arg::new("format").short('f').long("format").value_name("FORMAT").value_parser(["table", "json"]);
    command.arg(format.default_value("table").help("How")).arg(options::flag("quiet", "Only their ids").short('q'))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    globals::logged(list(matches, out))
}

fn list(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let store = Store::open()?;
    let mut rows = Vec::new();
    for record in store.list()? {
        let status = record.status(&store.place(&record.id)?);
        rows.push((record, status));
    }
    let json = matches.get_one::<String>("format").is_some_and(|format| format == "json");
    let text = match (matches.get_flag("quiet"), json) {
        (true, _) => rows.iter().map(|(record, _)| format!("{}\n", record.id)).collect(),
        (_, true) => format!("{}\n", Value::from(rows.iter().map(entry).collect::<Vec<_>>())),
        _ => table(&rows),
    };
    out.write_all(text.as_bytes()).map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}

fn entry((record, status): &(Record, Status)) -> Value {
    let mut entry = record.state(*status);
    entry["created"] = json!(record.created);
    entry["owner"] = json!(record.owner.to_string());
    entry
}

/// As wide as what is in it.
fn table(rows: &[(Record, Status)]) -> String {
    let mut lines = vec![["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"].map(String::from)];
    lines.extend(rows.iter().map(|(record, status)| {
        let pid = record.state(*status)["pid"].to_string();
        let bundle = record.bundle.display().to_string();
        [record.id.clone(), pid, status.word().into(), bundle, record.created.clone(), record.owner.to_string()]
    }));
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4, 5].map(width);
    let line = |line: &[String; 6]| {
        let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    lines.iter().map(line).collect()
}
