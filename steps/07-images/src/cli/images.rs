//! `images`: what is in the store.

use std::io::Write;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};
use serde_json::{Value, json};

use super::{open_store, root_argument, say};
use crate::filter::Filters;
use crate::inspect::summary;
use crate::reference::{matches_filter, split};
use crate::template::{self, Headings};
use crate::{Image, format};

pub const COMMAND: Command = Command { name: "images", about: "List images in local storage", define, run };

const HEADINGS: Headings = Headings {
    verb: "images",
    names: &[
        ("ID", "IMAGE ID"),
        ("Id", "IMAGE ID"),
        ("CreatedSince", "CREATED"),
        ("CreatedAt", "CREATED AT"),
        ("CreatedTime", "CREATED TIME"),
        ("RepoTags", "REPO TAGS"),
        ("RepoDigests", "REPO DIGESTS"),
    ],
};
const SORTS: [&str; 5] = ["created", "id", "repository", "size", "tag"];

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let text = |name: &'static str, what: &'static str| Arg::new(name).long(name).value_name(what);
    root_argument(command)
        .arg(flag("all").short('a').help("Also those that others were made from; podling makes none"))
        .arg(flag("digests").help("Show digests"))
        .arg(flag("quiet").short('q').help("Display only image IDs"))
        .arg(flag("no-trunc").help("Do not truncate output"))
        .arg(flag("noheading").short('n').help("Do not print column headings"))
        .arg(
            text("filter", "KEY=VALUE")
                .short('f')
                .action(ArgAction::Append)
                .help("Only images that fit: reference, dangling, label, before, since, until, id"),
        )
        .arg(text("format", "FORMAT").help("Format by a Go template, or json"))
        .arg(text("sort", "FIELD").help("Sort by created, id, repository, size, tag").default_value("created"))
        .arg(Arg::new("image").value_name("IMAGE").help("Only images of this name, with a tag or without"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let sort = matches.get_one::<String>("sort").map_or("created", String::as_str);
    if !SORTS.contains(&sort) {
        return Err(Error::new(format!(
            "{sort:?} is not a valid field for sorting. Choose from: repository, size, tag, created, id"
        ))
        .code(code::BAD_FILTER));
    }
    let store = open_store(matches)?;
    let filters = Filters::parse(&store, matches.get_many::<String>("filter").into_iter().flatten())?;
    let filter = matches.get_one::<String>("image");
    let images = store.list()?;
    let mut rows: Vec<(&Image, &str)> = Vec::new();
    for image in images.iter().filter(|image| filters.fit(image)) {
        for name in names(image) {
            if filters.fits_name(name) && filter.is_none_or(|filter| matches_filter(name, filter)) {
                rows.push((image, name));
            }
        }
    }
    match sort {
        "id" => rows.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id)),
        "size" => rows.sort_by_key(|(image, _)| image.size),
        "repository" => rows.sort_by(|(_, a), (_, b)| split(a).cmp(&split(b))),
        "tag" => rows.sort_by(|(_, a), (_, b)| split(a).1.cmp(split(b).1)),
        _ => {}
    }
    let whole = matches.get_flag("no-trunc");
    let id = |image: &Image| match whole {
        true => format!("sha256:{}", image.id),
        false => image.id.chars().take(12).collect(),
    };
    if matches.get_flag("quiet") {
        let mut ids: Vec<String> = rows.into_iter().map(|(image, _)| id(image)).collect();
        ids.dedup();
        for id in ids {
            say(out, id)?;
        }
        return Ok(0);
    }
    if let Some(format) = matches.get_one::<String>("format") {
        let json = template::is_json(format);
        let row = |(image, name): &(&Image, &str)| if json { summary(image) } else { row(image, name, &id(image)) };
        let rows: Vec<Value> = rows.iter().map(row).collect();
        template::print(out, format, &rows, &HEADINGS)?;
        return Ok(0);
    }
    let digests = matches.get_flag("digests");
    let columns = |repository: &str, tag: &str, digest: &str, id: &str, created: &str, size: &str| {
        let digest = digests.then_some(digest);
        let cells = [Some(repository), Some(tag), digest, Some(id), Some(created), Some(size)];
        cells.into_iter().flatten().map(str::to_string).collect::<Vec<String>>()
    };
    let mut cells = Vec::new();
    if !matches.get_flag("noheading") {
        cells.push(columns("REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED", "SIZE"));
    }
    for (image, name) in rows {
        let (repository, tag) = split(name);
        let size = format::size(image.size);
        cells.push(columns(repository, tag, &image.digest, &id(image), &created(image), &size));
    }
    format::table(out, &cells)?;
    Ok(0)
}

/// What a template can ask for.
fn row(image: &Image, name: &str, id: &str) -> Value {
    let (repository, tag) = split(name);
    let time = image.created.parse::<jiff::Timestamp>().unwrap_or_default();
    let mut row = summary(image);
    if let Some(row) = row.as_object_mut() {
        for (field, value) in [
            ("Repository", json!(repository)),
            ("Tag", json!(tag)),
            ("ID", json!(id)),
            ("Size", json!(format::size(image.size))),
            ("VirtualSize", json!(format::size(image.size))),
            ("Created", json!(created(image))),
            ("CreatedSince", json!(created(image))),
            ("CreatedTime", json!(time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string())),
            ("CreatedAt", json!(time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string())),
        ] {
            row.insert(field.to_string(), value);
        }
    }
    row
}

/// The names of an image; one without any still has a line.
fn names(image: &Image) -> Vec<&str> {
    match image.names.is_empty() {
        true => vec!["<none>"],
        false => image.names.iter().map(String::as_str).collect(),
    }
}

/// How long ago it was made; a time in the future is now.
fn created(image: &Image) -> String {
    let Ok(time) = image.created.parse::<jiff::Timestamp>() else { return "N/A".to_string() };
    let seconds = jiff::Timestamp::now().as_second() - time.as_second();
    format::age(Duration::from_secs(seconds.try_into().unwrap_or(0)))
}
