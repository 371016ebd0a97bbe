//! `run --rootfs DIR COMMAND`: in a file system of its own.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::{Command, Error, Result, Stdio};

use crate::{Mount, Rootfs, Volume, arrange};

/// The verb.
pub const RUN: Command =
    Command { name: "run", about: "Run a program in a file system of its own", define: arguments, run };

/// Adds what `run` has from this step on: `--rootfs`, `--volume`, `--read-only`.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    namespaces::run::arguments(read_only(volume(rootfs(command))))
}

fn rootfs(command: clap::Command) -> clap::Command {
    command.arg(
        Arg::new("rootfs")
            .long("rootfs")
            .value_name("DIR")
            .value_parser(value_parser!(PathBuf))
            .required(true)
            .help("Its root directory"),
    )
}

/// Adds `--volume`.
#[must_use]
pub fn volume(command: clap::Command) -> clap::Command {
    command.arg(
        Arg::new("volume")
            .short('v')
            .long("volume")
            .value_name("SOURCE:DESTINATION[:OPTIONS]")
            .action(ArgAction::Append)
            .help("A directory or file of the host in it"),
    )
}

/// Adds `--read-only`.
#[must_use]
pub fn read_only(command: clap::Command) -> clap::Command {
    command.arg(
        Arg::new("read-only").long("read-only").action(ArgAction::SetTrue).help("Its root directory cannot be changed"),
    )
}

/// The mounts that `--volume` asks for.
///
/// # Errors
/// As [`Volume::parse`]; when two have the same destination.
pub fn volumes(matches: &ArgMatches) -> Result<Vec<Mount>> {
    let mut mounts: Vec<Mount> = Vec::new();
    for text in matches.get_many::<String>("volume").into_iter().flatten() {
        let mount = Volume::parse(text)?.mount();
        if mounts.iter().any(|known| known.destination == mount.destination) {
            return Err(Error::new(format!("{}: duplicate mount destination", mount.destination.display())));
        }
        mounts.push(mount);
    }
    Ok(mounts)
}

/// Whether `--read-only` was given.
#[must_use]
pub fn is_read_only(matches: &ArgMatches) -> bool {
    matches.get_flag("read-only")
}

/// The root file system of the command line.
///
/// # Errors
/// When there is no such directory; as [`volumes`].
pub fn from_arguments(matches: &ArgMatches) -> Result<Rootfs> {
    let root = matches.get_one::<PathBuf>("rootfs").ok_or_else(|| Error::new("no root directory specified"))?;
    check(root)?;
    let mut rootfs = Rootfs::new(root, !namespaces::run::own_network(matches));
    rootfs.mounts = arrange(rootfs.mounts, volumes(matches)?);
    rootfs.readonly = is_read_only(matches);
    Ok(rootfs)
}

fn check(root: &Path) -> Result<()> {
    let tried = || format!("stat {}", root.display());
    match fs::metadata(root) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Error::because(tried(), "not a directory")),
        // As Podman writes it, so that scripts that look for its words find ours.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Error::because(tried(), "no such file or directory"))
        }
        Err(error) => Err(Error::os(tried(), error)),
    }
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let rootfs = from_arguments(matches)?;
    let (namespaces, hostname) = namespaces::run::from_arguments(matches)?;
    namespaces.run(&process::run::program(matches), Stdio::from_arguments(matches), &(hostname, rootfs))
}
