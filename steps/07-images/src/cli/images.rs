//! `images`: what is in the store.

use std::io::Write;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result};

use super::{open_store, root_argument};
use crate::reference::{matches_filter, split};
use crate::{Image, format};

pub const COMMAND: Command = Command { name: "images", about: "List images in local storage", define, run };

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    root_argument(command)
        .arg(flag("quiet").short('q').help("Display only image IDs"))
        .arg(flag("no-trunc").help("Do not truncate output"))
        .arg(flag("noheading").short('n').help("Do not print column headings"))
        .arg(Arg::new("image").value_name("IMAGE").help("Only images of this name, with a tag or without"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let filter = matches.get_one::<String>("image");
    let whole = matches.get_flag("no-trunc");
    let mut rows: Vec<(Image, &str, String)> = Vec::new();
    let images = open_store(matches)?.list()?;
    for image in &images {
        for name in names(image) {
            if filter.is_none_or(|filter| matches_filter(name, filter)) {
                let id = if whole { format!("sha256:{}", image.id) } else { image.id.chars().take(12).collect() };
                rows.push((image.clone(), name, id));
            }
        }
    }
    if matches.get_flag("quiet") {
        let mut ids: Vec<String> = rows.into_iter().map(|(_, _, id)| id).collect();
        ids.dedup();
        for id in ids {
            writeln!(out, "{id}").map_err(|error| Error::os("write to standard output", error))?;
        }
        return Ok(0);
    }
    let mut cells = Vec::new();
    if !matches.get_flag("noheading") {
        cells.push(["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"].map(str::to_string).to_vec());
    }
    for (image, name, id) in rows {
        let (repository, tag) = split(name);
        cells.push(vec![repository.into(), tag.into(), id, created(&image), format::size(image.size)]);
    }
    format::table(out, &cells)?;
    Ok(0)
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
