//! `image prune`: images that nobody has a name for, or that no container uses.

use std::io::{BufRead, Read, Write};

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};

use super::rmi::Containers;
use super::{enter, open_store, root_argument, say};
use crate::Store;
use crate::filter::Filters;

/// The verb, where there are no containers.
pub const COMMAND: Command =
    Command { name: "image prune", about: "Remove unused images", define, run: |m, out| run(m, out, &()) };

/// Its arguments.
#[must_use]
pub fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, short| Arg::new(name).long(name).short(short).action(ArgAction::SetTrue);
    root_argument(command)
        .arg(flag("all", 'a').help("Remove all images that no container uses, not only those without a name"))
        .arg(flag("force", 'f').help("Do not ask"))
        .arg(
            Arg::new("filter")
                .long("filter")
                .value_name("KEY=VALUE")
                .action(ArgAction::Append)
                .help("Only images that fit: label, until, ..."),
        )
}

/// Does it.
///
/// # Errors
/// When the store cannot be written, or nobody answers.
pub fn run(matches: &ArgMatches, out: &mut dyn Write, containers: &dyn Containers) -> Result<u8> {
    let all = matches.get_flag("all");
    // Asked before the terminal is another process's.
    if !matches.get_flag("force") && !namespaces_entered() && !confirmed(out, all)? {
        return Ok(0);
    }
    if let Some(status) = enter()? {
        return Ok(status);
    }
    let store = open_store(matches)?;
    let filters = matches.get_many::<String>("filter").into_iter().flatten();
    for id in prune(&store, all, &Filters::parse(&store, filters)?, containers)? {
        say(out, id)?;
    }
    Ok(0)
}

/// Removes images without a name, or `all` that no container uses, and what fits no image; returns their IDs.
///
/// # Errors
/// When the store cannot be written.
pub fn prune(store: &Store, all: bool, filters: &Filters, containers: &dyn Containers) -> Result<Vec<String>> {
    let users = containers.users()?;
    let used = |id: &str| users.iter().any(|(_, image)| image == id);
    let mut removed = Vec::new();
    for image in store.list()? {
        if (all || image.names.is_empty()) && !used(&image.id) && filters.fit(&image) && store.remove(&image)? {
            removed.push(image.id);
        }
    }
    store.sweep()?;
    Ok(removed)
}

/// Whether this is already the run that has the rights.
fn namespaces_entered() -> bool {
    std::env::var_os(namespaces::itself::ROOTLESS_UID).is_some()
}

fn confirmed(out: &mut dyn Write, all: bool) -> Result<bool> {
    let what = match all {
        true => "all images without at least one container associated with them",
        false => "all dangling images",
    };
    let question = format!("WARNING! This command removes {what}.\nAre you sure you want to continue? [y/N] ");
    write!(out, "{question}")
        .and_then(|()| out.flush())
        .map_err(|error| Error::os("write to standard output", error))?;
    let mut line = String::new();
    match std::io::stdin().lock().take(1024).read_line(&mut line) {
        Ok(0) => Err(Error::new("EOF").code(code::NO_ANSWER)),
        Ok(_) => Ok(line.trim().to_lowercase().starts_with('y')),
        Err(error) => Err(Error::os("read the answer", error)),
    }
}
