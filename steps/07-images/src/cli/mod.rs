//! The verbs of this step, and what all verbs that use a store share.

mod images;
mod inspect;
mod load;
pub mod prune;
pub mod rmi;
mod tag;

use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use clap::{Arg, ArgMatches, value_parser};
use process::{Command, Error, Result, code, command};

use crate::Store;

/// `load`, `images`, `rmi`, `tag`, `untag`, and what is below `image`.
#[must_use]
pub fn commands() -> &'static [Command] {
    const ALL: [Command; 15] = [
        load::COMMAND,
        images::COMMAND,
        rmi::COMMAND,
        tag::TAG,
        tag::UNTAG,
        command::group("image", "Manage images"),
        inspect::INSPECT,
        inspect::EXISTS,
        prune::COMMAND,
        Command { name: "image list", ..images::COMMAND },
        Command { name: "image ls", about: "", ..images::COMMAND },
        Command { name: "image load", ..load::COMMAND },
        Command { name: "image rm", ..rmi::COMMAND },
        Command { name: "image tag", ..tag::TAG },
        Command { name: "image untag", ..tag::UNTAG },
    ];
    &ALL
}

fn say(out: &mut dyn Write, line: impl std::fmt::Display) -> Result<()> {
    writeln!(out, "{line}").map_err(|error| Error::os("write to standard output", error))
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

static DEFAULT_ROOT: OnceLock<PathBuf> = OnceLock::new();

/// Makes another directory the default: a `--root` that stands before the verb. The first one counts.
pub fn set_default_root(root: PathBuf) {
    let _ = DEFAULT_ROOT.set(root);
}

/// Where the user's images, containers and volumes are.
///
/// # Errors
/// When the user has no home directory.
pub fn default_root() -> Result<PathBuf> {
    if let Some(root) = DEFAULT_ROOT.get() {
        return Ok(root.clone());
    }
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
            .code(code::NO_HOME)
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
