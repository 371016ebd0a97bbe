//! `image inspect`, `image exists`.

use std::io::Write;

use clap::{Arg, ArgMatches};
use process::{Command, Error, Result, code};

use super::{open_store, root_argument};
use crate::inspect::{inspect, with_empty};
use crate::template;

pub const INSPECT: Command = Command {
    name: "image inspect",
    about: "Display the configuration of an image",
    define: |command| {
        images(root_argument(command)).arg(
            Arg::new("format").short('f').long("format").value_name("FORMAT").help("Format by a Go template, or json"),
        )
    },
    run: run_inspect,
};

pub const EXISTS: Command = Command {
    name: "image exists",
    about: "Check if an image exists in local storage",
    define: |command| images(root_argument(command)),
    run: exists,
};

fn images(command: clap::Command) -> clap::Command {
    command.arg(Arg::new("image").value_name("IMAGE").num_args(0..).help("NAME[:TAG|@DIGEST] or ID"))
}

fn run_inspect(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let names: Vec<&String> = matches.get_many("image").into_iter().flatten().collect();
    if names.is_empty() {
        return Err(Error::new("no names or ids specified").code(code::WRONG_COUNT));
    }
    let store = open_store(matches)?;
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for name in names {
        match store.find(name).and_then(|image| inspect(&store, &image)) {
            Ok(value) => found.push(value),
            Err(error) => errors.push(error),
        }
    }
    match matches.get_one::<String>("format").filter(|format| !template::is_json(format)) {
        Some(format) => {
            for value in found {
                template::print_one(out, "inspect", format, &with_empty(value))?;
            }
        }
        None => template::print_json(out, &found, 5)?,
    }
    let Some(first) = errors.first() else { return Ok(0) };
    let words: Vec<String> = errors.iter().map(Error::to_string).collect();
    Err(Error::new(format!("inspecting object: {}", words.join("\n"))).code(first.known_code()))
}

fn exists(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let names: Vec<&String> = matches.get_many("image").into_iter().flatten().collect();
    let [name] = names.as_slice() else {
        return Err(Error::new(format!("accepts 1 arg(s), received {}", names.len())).code(code::WRONG_COUNT));
    };
    Ok(u8::from(open_store(matches)?.find(name).is_err()))
}
