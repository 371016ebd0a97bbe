//! `pressure cpu|memory|io`: waits until processes wait.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::{Command, Error, Result, code};

use crate::{Cgroup, Resource, Trigger};

/// The verb.
pub const PRESSURE: Command =
    Command { name: "pressure", about: "Wait until processes stand still for want of something", define, run };

fn define(command: clap::Command) -> clap::Command {
    let number = |name: &'static str, value: &'static str, default: &'static str, help: &'static str| {
        let number = Arg::new(name).long(name).value_name(value).value_parser(value_parser!(u32));
        number.default_value(default).help(help)
    };
    command
        .arg(Arg::new("resource").value_name("RESOURCE").required(true).value_parser(["cpu", "memory", "io"]))
        .arg(number("stall", "MILLISECONDS", "100", "So long"))
        .arg(number("window", "MILLISECONDS", "2000", "Within this time"))
        .arg(number("time", "SECONDS", "60", "How long to wait for it"))
        .arg(Arg::new("full").long("full").action(ArgAction::SetTrue).help("All of them at once"))
        .arg(
            Arg::new("cgroup")
                .long("cgroup")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help("Those in a cgroup, not all of the system"),
        )
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let number = |name| matches.get_one::<u32>(name).copied().unwrap_or_default().into();
    let resource = match matches.get_one::<String>("resource").map(String::as_str) {
        Some("cpu") => Resource::Cpu,
        Some("memory") => Resource::Memory,
        _ => Resource::Io,
    };
    let (stall, window) = (Duration::from_millis(number("stall")), Duration::from_millis(number("window")));
    let trigger = Trigger { full: matches.get_flag("full"), stall, window };
    let alarm = match matches.get_one::<PathBuf>("cgroup") {
        None => trigger.of_system(resource)?,
        Some(path) => match Cgroup::open(path) {
            Some(cgroup) => cgroup.alarm(resource, trigger)?,
            None => return Err(Error::new(format!("{} is no cgroup", path.display())).code(code::BAD_VALUE)),
        },
    };
    let went_off = alarm.wait(Duration::from_secs(number("time")))?;
    let words = if went_off { "waited" } else { "did not wait" };
    writeln!(out, "processes {words} {stall:?} of {window:?} for {}", resource.name())
        .map_err(|error| Error::os("write to standard output", error))?;
    Ok(u8::from(!went_off))
}
