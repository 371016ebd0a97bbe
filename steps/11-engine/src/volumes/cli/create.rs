//! `volume create [NAME]`.

use std::collections::BTreeMap;
use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};

use super::{given, line, names};
use crate::Engine;

/// The verb.
pub(crate) const CREATE: Command = Command { name: "volume create", about: "Create a new volume", define, run };

fn define(command: clap::Command) -> clap::Command {
    let list = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).action(ArgAction::Append).help(help)
    };
    images::root_argument(command)
        .arg(list("label", "NAME=VALUE", "Set a label").short('l'))
        .arg(
            list("opt", "NAME=VALUE", "Tell the driver: type=none, o=bind, device=DIR for a directory of the host")
                .short('o'),
        )
        .arg(
            Arg::new("driver").short('d').long("driver").value_name("NAME").default_value("local").help("Who keeps it"),
        )
        .arg(Arg::new("ignore").long("ignore").action(ArgAction::SetTrue).help("It may be there already"))
        .arg(names("Its name; else a random one"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let names = given(matches, "names");
    if names.len() > 1 {
        return Err(Error::new(format!("accepts at most 1 arg(s), received {}", names.len())).code(code::WRONG_COUNT));
    }
    let labels = labels(&given(matches, "label"))?;
    let options = given(matches, "opt").iter().map(|text| pair(text)).collect();
    let name = names.first().map(String::as_str);
    match matches.get_one::<String>("driver").map(String::as_str) {
        None | Some("local" | "") => {}
        Some(driver) => {
            return Err(Error::new(format!(
                "volume {} uses volume plugin {driver} but it could not be retrieved: no volume plugin with name {driver} \
                 available: required plugin missing",
                name.unwrap_or_default()
            ))
            .code(code::VOLUME_OPTION));
        }
    }
    let engine = Engine::from_arguments(matches)?;
    if let (true, Some(name)) = (matches.get_flag("ignore"), name)
        && engine.volumes().get(name)?.is_some()
    {
        line(out, name)?;
        return Ok(0);
    }
    let volume = engine.volumes().create(name, labels, options)?;
    line(out, &volume.name)?;
    Ok(0)
}

fn pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.into(), value.into())
}

fn labels(texts: &[String]) -> Result<BTreeMap<String, String>> {
    if let Some(text) = texts.iter().find(|text| text.is_empty() || text.starts_with('=')) {
        return Err(
            Error::new(format!("unable to process labels: invalid label format: {text:?}")).code(code::BAD_VALUE)
        );
    }
    Ok(texts.iter().map(|text| pair(text)).collect())
}
