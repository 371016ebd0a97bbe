//! `events`.

use std::io::{ErrorKind, Write};

use clap::{Arg, ArgAction, ArgMatches};
use images::template;
use process::{Command, Error, Result, code};

use super::{Event, Filter, Query, time};
use crate::Engine;

/// The verb.
pub const EVENTS: Command =
    Command { name: "events", about: "Show events of containers, images and volumes", define, run };
/// The same.
pub const SYSTEM_EVENTS: Command = Command { name: "system events", ..EVENTS };

fn define(command: clap::Command) -> clap::Command {
    let value = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).allow_hyphen_values(true).help(help)
    };
    let truth = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("BOOL")
            .value_parser(clap::value_parser!(bool))
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("true")
            .help(help)
    };
    images::root_argument(command)
        .arg(value("since", "TIME", "Also those after TIME: a moment, or how long ago (10m, 1h30m)"))
        .arg(value("until", "TIME", "Only those before TIME: a moment, or how long from now"))
        .arg(
            value("filter", "NAME=VALUE", "Only those that fit: container, image, volume, event, type, label")
                .short('f')
                .action(ArgAction::Append),
        )
        .arg(value("format", "TEMPLATE", "json, or a Go template"))
        .arg(truth("stream", "Wait for what happens next"))
        .arg(truth("no-trunc", "Do not truncate ids"))
        .arg(Arg::new("rest").num_args(0..).hide(true))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    if matches.contains_id("rest") {
        return Err(Error::new("`podling events` takes no arguments").code(code::WRONG_COUNT));
    }
    let text = |name: &str| matches.get_one::<String>(name);
    let filters = matches.get_many::<String>("filter").into_iter().flatten();
    let query = Query {
        since: text("since").map(|text| time::parse(text)).transpose()?,
        until: text("until").map(|text| time::parse_future(text)).transpose()?,
        filters: filters.map(|text| Filter::parse(text)).collect::<Result<_>>()?,
        ..Query::default()
    };
    let format = text("format").map(String::as_str);
    let short = !matches.get_flag("no-trunc");
    let events = Engine::from_arguments(matches)?.events();
    let mut show = |event: &Event| show(event, format, short, out);
    let result = match matches.get_flag("stream") {
        true => events.follow(&query, query.since.is_some() || query.until.is_some(), &mut show),
        false => events.read(&query)?.iter().try_for_each(&mut show),
    };
    result.map(|()| 0)
}

fn show(event: &Event, format: Option<&str>, short: bool, out: &mut dyn Write) -> Result<()> {
    let failed = |error: std::io::Error| match error.kind() {
        // Whoever has read enough, `head` say, ends us.
        ErrorKind::BrokenPipe => Error::told(0),
        _ => Error::os("write to standard output", error),
    };
    match format {
        None => writeln!(out, "{}", event.line(short)).map_err(failed)?,
        Some(format) if template::is_json(format) => writeln!(out, "{}", event.json()).map_err(failed)?,
        Some("{{json .}}") => writeln!(out, "{}", event.json()).map_err(failed)?,
        Some(format) => template::print_one(out, "events", format, &event.row())?,
    }
    // Whoever waits for it sees it when it happens.
    out.flush().map_err(failed)
}
