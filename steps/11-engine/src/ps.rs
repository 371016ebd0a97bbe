//! `ps`: the containers.

use std::io::Write;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use images::template::{self, Headings};
use jiff::Timestamp;
use process::{Command, Error, Result};
use serde_json::{Value, json};

use crate::filter::Filters;
use crate::{Engine, Phase, Record, Status};

/// The verb.
pub const PS: Command = Command { name: "ps", about: "List containers", define, run };

const TABLE: &str = "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";
const HEADINGS: Headings = Headings {
    verb: "ps",
    names: &[
        ("ID", "CONTAINER ID"),
        ("RunningFor", "CREATED"),
        ("CreatedHuman", "CREATED"),
        ("CreatedAt", "CREATED AT"),
    ],
};

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let value = |name: &'static str, word: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(word).help(help)
    };
    images::root_argument(command)
        .arg(flag("all", "Also those that do not run").short('a'))
        .arg(flag("quiet", "Only ids").short('q'))
        .arg(flag("no-trunc", "Whole ids and commands"))
        .arg(flag("noheading", "No headings"))
        .arg(flag("latest", "Only the one that was created last").short('l'))
        .arg(
            value("last", "NUMBER", "Only the last ones that were created")
                .short('n')
                .value_parser(value_parser!(usize)),
        )
        .arg(value("format", "TEMPLATE", "What to say of each: a Go template, `table ...`, or json"))
        .arg(value("filter", "NAME=VALUE", "Only those for which this is so").short('f').action(ArgAction::Append))
        .arg(
            value("sort", "FIELD", "In which order")
                .value_parser(["command", "created", "id", "image", "names", "runningfor", "status"])
                .default_value("created"),
        )
        .arg(flag("sync", "Nothing: what is told is always true").hide(true))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let filters = Filters::parse(matches.get_many::<String>("filter").into_iter().flatten())?;
    let last = match matches.get_flag("latest") {
        true => Some(1),
        false => matches.get_one::<usize>("last").copied().filter(|last| *last > 0),
    };
    let all = matches.get_flag("all") || last.is_some() || filters.has("status") || filters.has("exited");
    let mut found = Vec::new();
    for record in engine.list()? {
        // It may go away while we look.
        let Ok(status) = engine.status(&record) else { continue };
        if (all || status.is_running()) && filters.fit(&engine, &record, &status)? {
            found.push((record, status));
        }
        if last.is_some_and(|last| found.len() >= last) {
            break;
        }
    }
    sort(&mut found, matches.get_one::<String>("sort").map_or("", String::as_str));
    let whole = matches.get_flag("no-trunc");
    let format = matches.get_one::<String>("format");
    let quiet = matches.get_flag("quiet");
    if quiet && format.is_none() {
        for (record, _) in found {
            let id = if whole { record.id.as_str() } else { record.short() };
            writeln!(out, "{id}").map_err(|error| Error::os("write to standard output", error))?;
        }
        return Ok(0);
    }
    let format = format.map_or(TABLE, String::as_str);
    let format = if format == "table" { TABLE } else { format };
    if template::is_json(format) {
        let rows: Vec<Value> = found.iter().map(|(record, status)| document(record, status)).collect();
        template::print(out, format, &rows, &HEADINGS)?;
        return Ok(0);
    }
    let rows: Vec<Value> = found.iter().map(|(record, status)| row(record, status, whole)).collect();
    if !matches.get_flag("noheading") || !template::is_table(format) {
        template::print(out, format, &rows, &HEADINGS)?;
        return Ok(0);
    }
    let mut page = Vec::new();
    template::print(&mut page, format, &rows, &HEADINGS)?;
    let head = page.iter().position(|byte| *byte == b'\n').map_or(page.len(), |end| end + 1);
    out.write_all(&page[head..]).map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}

fn sort(found: &mut [(Record, Status)], by: &str) {
    let key = |(record, status): &(Record, Status)| match by {
        "command" => record.command.join(" "),
        "id" => record.id.clone(),
        "image" => record.image.clone(),
        "names" => record.name.clone(),
        "status" => phrase(status),
        _ => record.created.clone(),
    };
    found.sort_by_key(key);
}

/// How long ago a time of ours was.
fn ago(time: &str) -> String {
    let seconds = time.parse::<Timestamp>().map_or(0, |time| Timestamp::now().as_second() - time.as_second());
    images::format::age(Duration::from_secs(seconds.try_into().unwrap_or(0)))
}

fn seconds(time: &str) -> i64 {
    time.parse::<Timestamp>().map_or(0, Timestamp::as_second)
}

/// `Up 2 minutes`, `Exited (0) 2 minutes ago`, as Podman writes it.
#[must_use]
pub fn phrase(status: &Status) -> String {
    let life = &status.life;
    let up = || ago(&life.started).trim_end_matches(" ago").to_string();
    match status.phase {
        Phase::Running => format!("Up {}", up()),
        Phase::Paused => "Paused".to_string(),
        Phase::Created => "Created".to_string(),
        Phase::Initialized => "Initialized".to_string(),
        Phase::Exited => format!("Exited ({}) {}", life.exit_code.unwrap_or(0), ago(&life.finished)),
    }
}

/// What a person reads of a container.
fn row(record: &Record, status: &Status, whole: bool) -> Value {
    let command = record.command.join(" ");
    let command = match command.char_indices().nth(17) {
        Some((at, _)) if !whole && command.chars().count() > 20 => format!("{}...", &command[..at]),
        _ => command,
    };
    let labels: Vec<String> = record.options.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mounts: Vec<&str> = record.volumes.iter().map(|volume| volume.name.as_str()).collect();
    let network = &record.options.network;
    json!({
        "ID": if whole { record.id.as_str() } else { record.short() },
        "Image": record.image,
        "ImageID": record.image_id,
        "Command": command,
        "CreatedAt": time(&record.created),
        "Created": ago(&record.created),
        "CreatedHuman": ago(&record.created),
        "RunningFor": ago(&record.created),
        "StartedAt": seconds(&status.life.started),
        "Status": phrase(status),
        "State": status.phase.name(),
        "Ports": network::ports::column(network),
        "Names": record.name,
        "Labels": labels.join(","),
        "Mounts": mounts.join(","),
        "Networks": network.mode.name(),
        "Pid": status.life.pid.unwrap_or(0),
        "ExitCode": status.life.exit_code.unwrap_or(0),
        "Exited": status.phase == Phase::Exited,
        "ExitedAt": seconds(&status.life.finished),
        "Restarts": status.life.restarts,
        "AutoRemove": record.options.remove,
        "Pod": "",
        "PodName": "",
        "Size": "",
    })
}

/// As Podman's templates show a time.
fn time(text: &str) -> String {
    text.parse::<Timestamp>()
        .map_or_else(|_| text.to_string(), |time| time.strftime("%Y-%m-%d %H:%M:%S.%9f +0000 UTC").to_string())
}

/// What a program reads of it: libpod's `ListContainer`.
#[must_use]
pub fn document(record: &Record, status: &Status) -> Value {
    let network = &record.options.network;
    let ports: Vec<Value> = network
        .ports
        .iter()
        .map(|port| {
            json!({
                "host_ip": port.host_ip.map_or_else(String::new, |ip| ip.to_string()),
                "container_port": port.container_port,
                "host_port": port.host_port,
                "range": 1,
                "protocol": port.protocol,
            })
        })
        .collect();
    json!({
        "AutoRemove": record.options.remove,
        "Command": record.command,
        "CreatedAt": ago(&record.created),
        "CIDFile": "",
        "Exited": status.phase == Phase::Exited,
        "ExitedAt": seconds(&status.life.finished),
        "ExitCode": status.life.exit_code.unwrap_or(0),
        "Id": record.id,
        "Image": record.image,
        "ImageID": record.image_id,
        "IsInfra": false,
        "Labels": record.options.labels,
        "Mounts": record.volumes.iter().map(|volume| &volume.destination).collect::<Vec<_>>(),
        "Names": [record.name],
        "Namespaces": {},
        "Networks": [],
        "Pid": status.life.pid.unwrap_or(0),
        "Pod": "",
        "PodName": "",
        "Ports": ports,
        "Restarts": status.life.restarts,
        "Size": null,
        "StartedAt": seconds(&status.life.started),
        "State": status.phase.name(),
        "Status": phrase(status),
        "Created": seconds(&record.created),
    })
}
