//! `inspect NAME...`: all that is known of containers, images and volumes.

mod container;
mod host;

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use images::template::{self, Headings};
use process::{Command, Error, Result, code};
use serde_json::Value;

use crate::Engine;

pub use container::document;

/// The verb.
pub const INSPECT: Command =
    Command { name: "inspect", about: "Show all that is known of containers, images and volumes", define, run };
/// The verb for containers alone.
pub const CONTAINER_INSPECT: Command = Command {
    name: "container inspect",
    about: "Show all that is known of containers",
    define: define_container,
    run: |matches, out| print(matches, out, "container"),
};

const HEADINGS: Headings = Headings { verb: "inspect", names: &[] };

fn define_container(command: clap::Command) -> clap::Command {
    let format = Arg::new("format").short('f').long("format").value_name("TEMPLATE").help("A Go template, or json");
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    images::root_argument(command)
        .arg(Arg::new("names").value_name("NAME").num_args(0..).help("Names or ids"))
        .arg(format)
        .arg(flag("latest", "The container that was created last").short('l'))
        .arg(flag("size", "Also how much it takes").short('s'))
}

fn define(command: clap::Command) -> clap::Command {
    let kind = Arg::new("type").short('t').long("type").value_name("KIND").default_value("all");
    let kind = kind.value_parser(["all", "container", "image", "volume"]);
    define_container(command).arg(kind.help("What is meant by the names"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    print(matches, out, matches.get_one::<String>("type").map_or("all", String::as_str))
}

fn print(matches: &ArgMatches, out: &mut dyn Write, kind: &str) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let mut names: Vec<String> = matches.get_many::<String>("names").into_iter().flatten().cloned().collect();
    if matches.get_flag("latest") {
        names.extend(engine.list()?.into_iter().next().map(|record| record.id));
    }
    if names.is_empty() {
        return Err(Error::new("no names or ids specified").code(code::WRONG_COUNT));
    }
    let mut found = Vec::new();
    let mut missing = None;
    for name in names {
        match engine.inspect(&name, kind) {
            Ok(document) => found.push(document),
            Err(error) => missing = Some(error),
        }
    }
    let format = matches.get_one::<String>("format").map_or("json", String::as_str);
    if format == "json" {
        // Also when there is nothing: whoever reads it finds a list.
        let text = serde_json::to_vec_pretty(&found)
            .map_err(|error| Error::because("write the documents", error).code(code::INTERNAL))?;
        let mut line = pretty(&found).unwrap_or(text);
        line.push(b'\n');
        out.write_all(&line).map_err(|error| Error::os("write to standard output", error))?;
    } else if !found.is_empty() {
        template::print(out, format, &found, &HEADINGS)?;
    }
    missing.map_or(Ok(0), Err)
}

/// Five blanks a level, as Podman's.
fn pretty(found: &[Value]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"     ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    serde::Serialize::serialize(found, &mut serializer).ok()?;
    Some(text)
}

impl Engine {
    /// What is known of a container, image or volume.
    ///
    /// # Errors
    /// When there is none.
    pub fn inspect(&self, name: &str, kind: &str) -> Result<Value> {
        let wants = |one: &str| kind == "all" || kind == one;
        if wants("container") {
            match self.find(name) {
                Ok(record) => return document(self, &record),
                Err(_) if kind == "container" => {
                    return Err(
                        Error::new(format!("inspecting object: no such container {name}")).code(code::NO_CONTAINER)
                    );
                }
                Err(_) => {}
            }
        }
        if wants("image") {
            match self.store().find(name) {
                Ok(image) => return images::inspect(self.store(), &image),
                Err(error) if kind == "image" => return Err(error),
                Err(_) => {}
            }
        }
        Err(Error::new(format!("inspecting object: no such object: \"{name}\"")).code(code::NO_OBJECT))
    }
}
