//! `generate systemd`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use engine::Engine;
use images::template;
use process::{Command, Error, Result, code, command};

use super::{Container, Options, generate};

/// The group.
pub const GROUP: Command = command::group("generate", "Generate structured output based on containers");

/// The verb.
pub const SYSTEMD: Command =
    Command { name: "generate systemd", about: "[DEPRECATED] Generate systemd units", define, run };

const DEPRECATED: &str = "
DEPRECATED command:
It is recommended to use Quadlets for running containers and pods under systemd.

Please refer to podman-systemd.unit(5) for details.
";

/// How long `stop` waits for a container that does not say it.
const STOP_TIMEOUT: u64 = 10;

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let value = |name: &'static str, value, help| Arg::new(name).long(name).value_name(value).help(help);
    let list = |name: &'static str, value_name, help| value(name, value_name, help).action(ArgAction::Append);
    let seconds = |name: &'static str, help| value(name, "SECONDS", help).value_parser(value_parser!(u64));
    images::root_argument(command)
        .arg(flag("new", "Create a new container at each start instead of starting this one"))
        .arg(flag("name", "Call it by its name instead of its id").short('n'))
        .arg(flag("files", "Write a .service file into this directory instead of to standard output").short('f'))
        .arg(flag("template", "A template, of which each instance is a container"))
        .arg(flag("no-header", "Leave out what made it and when"))
        .arg(value("container-prefix", "PREFIX", "What the unit's name begins with").default_value("container"))
        .arg(value("pod-prefix", "PREFIX", "What the name of a pod's unit begins with").default_value("pod").hide(true))
        .arg(value("separator", "TEXT", "Between the prefix and the name").default_value("-"))
        .arg(value("restart-policy", "POLICY", "When systemd restarts it (default: on-failure)"))
        .arg(seconds("restart-sec", "How long systemd waits before it restarts it"))
        .arg(seconds("start-timeout", "How long systemd waits for its start"))
        .arg(seconds("stop-timeout", "How long its stop waits before it kills"))
        .arg(seconds("time", "The same").short('t').hide(true))
        .arg(list("env", "NAME[=VALUE]", "Set a variable in the unit").short('e'))
        .arg(list("wants", "UNIT", "Start that unit with it"))
        .arg(list("after", "UNIT", "Start it after that unit"))
        .arg(list("requires", "UNIT", "Start it only with that unit"))
        .arg(value("format", "FORMAT", "Print in this format: json"))
        .arg(Arg::new("container").value_name("CONTAINER").required(true).help("The container"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    eprint!("{DEPRECATED}");
    let options = options(matches)?;
    let format = matches.get_one::<String>("format").map_or("", String::as_str);
    if !["", "json"].contains(&format) {
        return Err(Error::new(format!("unknown --format argument: {format}")).code(code::BAD_VALUE));
    }
    let engine = Engine::from_arguments(matches)?;
    let wanted = matches.get_one::<String>("container").map_or("", String::as_str);
    let record = engine.find(wanted)?;
    let create = engine::commands().iter().find(|command| command.name == "run");
    let create = create.map(|command| (command.define)(clap::Command::new("run"))).unwrap_or_default();
    let container = Container {
        id: record.id,
        name: record.name,
        created_by: record.options.create_command,
        env: record.options.env,
        stop_timeout: record.options.stop_timeout.unwrap_or(STOP_TIMEOUT),
    };
    let (name, text) = generate(&container, &options, &create)?;
    let shown = match matches.get_flag("files") {
        false => text,
        true => {
            let directory =
                std::env::current_dir().map_err(|error| Error::os("getting current working directory", error))?;
            let path = directory.join(format!("{name}.service"));
            fs::write(&path, text).map_err(|error| Error::os(format!("write {}", path.display()), error))?;
            format!("{}{}", path.display(), if format.is_empty() { "\n" } else { "" })
        }
    };
    match format {
        "json" => template::print_json(out, &BTreeMap::from([(name, shown)]), 1)?,
        _ => out.write_all(shown.as_bytes()).map_err(|error| Error::os("write to standard output", error))?,
    }
    Ok(0)
}

fn options(matches: &ArgMatches) -> Result<Options> {
    let one = |name: &str| matches.get_one::<String>(name).cloned();
    let many = |name: &str| matches.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<_>>();
    let seconds = |name: &str| matches.get_one::<u64>(name).copied();
    if seconds("stop-timeout").is_some() && seconds("time").is_some() {
        return Err(Error::new("stop-timeout and time are redundant and cannot be used together").code(code::CONFLICT));
    }
    let program = std::env::current_exe().map_err(|error| Error::os("find the program itself", error))?;
    let template = matches.get_flag("template");
    let zone = jiff::tz::TimeZone::system;
    let now = || jiff::Timestamp::now().to_zoned_datetime(zone()).strftime("%a %b %e %H:%M:%S %Z %Y").to_string();
    Ok(Options {
        program: program.display().to_string(),
        new: matches.get_flag("new") || template,
        template,
        name: matches.get_flag("name"),
        prefix: one("container-prefix").unwrap_or_default(),
        separator: one("separator").unwrap_or_default(),
        header: (!matches.get_flag("no-header")).then(now),
        restart_policy: one("restart-policy"),
        restart_sec: seconds("restart-sec"),
        start_timeout: seconds("start-timeout"),
        stop_timeout: seconds("stop-timeout").or(seconds("time")),
        env: many("env").into_iter().filter_map(environment).collect(),
        wants: many("wants"),
        after: many("after"),
        requires: many("requires"),
    })
}

/// `NAME=VALUE`; a name alone is the caller's variable, if there is one.
fn environment(text: String) -> Option<String> {
    match text.contains('=') {
        true => Some(text),
        false => std::env::var(&text).ok().map(|value| format!("{text}={value}")),
    }
}
