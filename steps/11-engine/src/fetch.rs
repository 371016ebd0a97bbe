//! An image for a new container: pulled, or the built-in one.

use std::io::Write;

use clap::{Arg, ArgMatches};
use process::{Command, Error, Result, code};
use registry::{Bars, Policy, Progress};

use crate::Engine;

/// The verb, which only we ourselves use: as `pull`, but it prints no id.
pub const FETCH: Command = Command { name: "fetch", about: "", define, run: fetch };
/// The same for the image that is built in.
pub const ADD_HELLO: Command = Command { name: "add-hello", about: "", define: images::root_argument, run: add_hello };

fn define(command: clap::Command) -> clap::Command {
    let policy = Arg::new("policy").long("policy").value_parser(Policy::parse).default_value("missing");
    registry::quiet_argument(registry::arguments(images::root_argument(command)))
        .arg(policy)
        .arg(Arg::new("name").required(true))
}

fn fetch(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    if let Some(status) = namespaces::reexec_as_root()? {
        return Ok(status);
    }
    let engine = Engine::from_arguments(matches)?;
    let name = matches.get_one::<String>("name").ok_or_else(|| Error::new("no image").code(code::WRONG_COUNT))?;
    let options = registry::Options::from_arguments(matches)?;
    let policy = matches.get_one::<Policy>("policy").copied().unwrap_or_default();
    let bars;
    let progress: &dyn Progress = match options.quiet {
        true => &(),
        false => {
            bars = Bars::new();
            &bars
        }
    };
    registry::get(engine.store(), name, policy, &options, progress)?;
    Ok(0)
}

fn add_hello(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    if let Some(status) = namespaces::reexec_as_root()? {
        return Ok(status);
    }
    Engine::from_arguments(matches)?.store().add_hello()?;
    Ok(0)
}
