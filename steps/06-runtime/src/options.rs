//! Flags that several verbs have.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, value_parser};

use crate::bundle;

/// Adds the id.
pub(crate) fn id(command: clap::Command) -> clap::Command {
    command
        .arg(Arg::new("id").value_name("ID").required(true).value_parser(bundle::check_id).help("The container's id"))
}

/// Adds what `create` and `run` have.
pub(crate) fn create(command: clap::Command) -> clap::Command {
    let bundle = path("bundle", "DIR", "The directory with config.json").short('b').default_value(".");
    id(command)
        .arg(bundle)
        .arg(path("pid-file", "FILE", "Write the number of its first process there"))
        .arg(path("console-socket", "SOCKET", "Send its terminal there"))
        .arg(preserve_fds())
        .arg(flag(
            "no-pivot",
            "Cover the host's root and keep it mounted, where it is a ramdisk that cannot be let go of",
        ))
        .arg(flag("no-new-keyring", "Accepted, and it gets one of its own: the caller's keys are not for it"))
}

/// `--preserve-fds`
pub(crate) fn preserve_fds() -> Arg {
    Arg::new("preserve-fds")
        .long("preserve-fds")
        .value_name("N")
        .value_parser(value_parser!(u32).range(0..=1024))
        .help("It keeps N descriptors of ours beside the standard ones")
}

/// A flag that is there or not.
pub(crate) fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// A flag with a path.
pub(crate) fn path(name: &'static str, word: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(word).value_parser(value_parser!(PathBuf)).help(help)
}

/// The id that was given.
pub(crate) fn given_id(matches: &ArgMatches) -> &str {
    matches.get_one::<String>("id").map(String::as_str).unwrap_or_default()
}

/// A path that was given.
pub(crate) fn given<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a Path> {
    matches.get_one::<PathBuf>(name).map(PathBuf::as_path)
}
