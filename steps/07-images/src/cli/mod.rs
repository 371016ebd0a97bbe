//! The verbs of this step, and what all verbs that use a store share.

mod images;
mod load;

use std::env;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, value_parser};
use process::{Command, Error, Result};

use crate::Store;

/// `load`, `images`.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[load::COMMAND, images::COMMAND]
}

/// Adds `--root DIR`.
#[must_use]
pub fn root_argument(command: clap::Command) -> clap::Command {
    command.arg(
        Arg::new("root")
            .long("root")
            .value_name("DIR")
            .value_parser(value_parser!(PathBuf))
            .help("Keep images in DIR (default: $XDG_DATA_HOME/podling; as root: /var/lib/podling)"),
    )
}

/// The store that `--root` names, or the user's.
///
/// # Errors
/// When the user has no home directory.
pub fn open_store(matches: &ArgMatches) -> Result<Store> {
    match matches.get_one::<PathBuf>("root") {
        Some(root) => Store::open(root),
        None => Store::open(&default_root()?),
    }
}

/// Where the user's images, containers and volumes are.
///
/// # Errors
/// When the user has no home directory.
pub fn default_root() -> Result<PathBuf> {
    // Root of a user namespace is still the user who made it.
    let rootless = env::var_os("_PODLING_ROOTLESS_UID").is_some() || !rustix::process::geteuid().is_root();
    if !rootless {
        return Ok("/var/lib/podling".into());
    }
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    // XDG base directory specification: a relative path is to be ignored.
    match (absolute("XDG_DATA_HOME"), absolute("HOME")) {
        (Some(data), _) => Ok(data.join("podling")),
        (None, Some(home)) => Ok(home.join(".local/share/podling")),
        (None, None) => Err(Error::new("HOME is not set, so there is no place for images")
            .hint("set HOME, or name a directory with --root")),
    }
}

/// Runs this same command line as root of a user namespace, unless it is run so already: only there can the files
/// of a layer get their owners. `Some` is the exit status of the run; nothing is left to do then.
///
/// # Errors
/// When there is no such namespace to be had.
pub fn enter() -> Result<Option<u8>> {
    namespaces::reexec_as_root()
}
