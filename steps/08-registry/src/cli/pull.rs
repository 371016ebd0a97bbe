//! `pull`.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::{Command, Error, Result, code};

use super::say;
use crate::bars::Bars;
use crate::{Options, Policy, Progress, arguments, get, platform_arguments, quiet_argument};

pub const COMMAND: Command = Command { name: "pull", about: "Pull an image from a registry", define, run };

fn define(command: clap::Command) -> clap::Command {
    quiet_argument(platform_arguments(arguments(images::root_argument(command))))
        .arg(Arg::new("all-tags").short('a').long("all-tags").action(ArgAction::SetTrue).help("Not supported yet"))
        .arg(
            Arg::new("policy")
                .long("policy")
                .value_name("WHEN")
                .value_parser(Policy::parse)
                .help("always (default), missing, newer, never"),
        )
        .arg(
            Arg::new("retry")
                .long("retry")
                .value_name("COUNT")
                .value_parser(value_parser!(u32))
                .help("How often a transfer is tried again (default: 3)"),
        )
        .arg(Arg::new("image").value_name("IMAGE").num_args(1..).help("NAME[:TAG|@DIGEST]"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let names: Vec<&String> = matches.get_many("image").into_iter().flatten().collect();
    if names.is_empty() {
        return Err(Error::new("requires at least 1 arg(s), only received 0").code(code::WRONG_COUNT));
    }
    if matches.get_flag("all-tags") {
        return Err(Error::new("--all-tags is not supported yet").code(code::NOT_THERE_YET));
    }
    let options = Options::from_arguments(matches)?;
    if let Some(status) = images::enter()? {
        return Ok(status);
    }
    let store = images::open_store(matches)?;
    let policy = matches.get_one::<Policy>("policy").copied().unwrap_or(Policy::Always);
    let bars = Bars::new();
    let progress: &dyn Progress = if options.quiet { &() } else { &bars };
    for name in names {
        let image = get(&store, name, policy, &options, progress)?;
        say(out, &image.id)?;
    }
    Ok(0)
}
