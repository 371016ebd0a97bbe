//! `tag`, `untag`: other names for an image.

use std::io::Write;

use clap::{Arg, ArgMatches};
use process::{Command, Error, Result, code};

use super::{open_store, root_argument};

pub const TAG: Command = Command { name: "tag", about: "Add an additional name to a local image", define, run: tag };
pub const UNTAG: Command = Command { name: "untag", about: "Remove a name from a local image", define, run: untag };

fn define(command: clap::Command) -> clap::Command {
    root_argument(command)
        .arg(Arg::new("image").value_name("IMAGE").help("NAME[:TAG|@DIGEST] or ID"))
        .arg(Arg::new("name").value_name("NAME").num_args(0..).help("NAME[:TAG]"))
}

fn tag(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let names: Vec<&String> = matches.get_many("name").into_iter().flatten().collect();
    let image = matches.get_one::<String>("image").filter(|_| !names.is_empty()).ok_or_else(|| {
        let count = matches.get_one::<String>("image").iter().count();
        Error::new(format!("requires at least 2 arg(s), only received {count}")).code(code::WRONG_COUNT)
    })?;
    let store = open_store(matches)?;
    let image = store.find(image)?;
    for name in names {
        store.tag(&image, name)?;
    }
    Ok(0)
}

fn untag(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let image = matches.get_one::<String>("image");
    let image =
        image.ok_or_else(|| Error::new("requires at least 1 arg(s), only received 0").code(code::WRONG_COUNT))?;
    let store = open_store(matches)?;
    let image = store.find(image)?;
    let names: Vec<String> = matches.get_many("name").into_iter().flatten().cloned().collect();
    // Without a name: all of them.
    for name in if names.is_empty() { &image.names } else { &names } {
        store.untag(&image, name)?;
    }
    Ok(0)
}
