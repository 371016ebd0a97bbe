//! `network ls`, `network inspect`, `network exists`: networks that containers share. There are none yet, and that is
//! what these say.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};
use serde_json::Value;

/// The verb.
pub const LS: Command = Command { name: "network ls", about: "List networks", define: define_ls, run: ls };
/// The verb.
pub const INSPECT: Command =
    Command { name: "network inspect", about: "Show what a network is made of", define: define_names, run: inspect };
/// The verb.
pub const EXISTS: Command = Command {
    name: "network exists",
    about: "Tell by exit status whether there is such a network",
    define: define_names,
    run: |_, _| Ok(1),
};

/// All networks that containers can share, each as `network inspect` shows it.
#[must_use]
pub fn list() -> Vec<Value> {
    Vec::new()
}

fn define_ls(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    command.visible_alias("list").args([
        flag("quiet", "Only names").short('q'),
        flag("noheading", "Without the headings").short('n'),
        Arg::new("format").long("format").value_name("FORMAT").value_parser(["json"]).help("json"),
    ])
}

fn define_names(command: clap::Command) -> clap::Command {
    command.arg(Arg::new("name").value_name("NETWORK").help("Its name or id").required(true).num_args(1..))
}

fn ls(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let quiet = matches.get_flag("quiet") || matches.get_flag("noheading");
    match (matches.contains_id("format"), quiet) {
        (true, _) => writeln!(out, "[]"),
        (false, true) => Ok(()),
        (false, false) => writeln!(out, "NETWORK ID  NAME        DRIVER"),
    }
    .map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}

fn inspect(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    writeln!(out, "[]").map_err(|error| Error::os("write to standard output", error))?;
    let name = matches.get_one::<String>("name").map(String::as_str).unwrap_or_default();
    Err(Error::new(format!("network {name}: unable to find network with name or ID {name}: network not found"))
        .code(code::NO_NETWORK))
}
