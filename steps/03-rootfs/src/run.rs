//! `run --rootfs DIR COMMAND`: in a file system of its own.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::{Command, Error, Result, Stdio, code};

use crate::{Device, Mount, Rootfs, Source, Volume, arrange};

/// The verb.
pub const RUN: Command =
    Command { name: "run", about: "Run a program in a file system of its own", define: arguments, run };

/// Adds what `run` has from this step on: `--rootfs`, `--volume`, `--mount`, `--tmpfs`, `--read-only`, `--device`.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    namespaces::run::arguments(read_only(device(volume(rootfs(command)))))
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

/// Adds `--volume`, `--mount`, `--tmpfs`.
#[must_use]
pub fn volume(command: clap::Command) -> clap::Command {
    let list = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).action(ArgAction::Append).help(help)
    };
    command
        .arg(list("volume", "SOURCE:DESTINATION[:OPTIONS]", "A directory or file of the host in it").short('v'))
        .arg(list("mount", "type=TYPE,...", "The same in longer words, or a tmpfs"))
        .arg(list("tmpfs", "DESTINATION[:OPTIONS]", "A file system in memory, with what the directory had in it"))
}

/// Adds `--read-only`.
#[must_use]
pub fn read_only(command: clap::Command) -> clap::Command {
    command.arg(
        Arg::new("read-only").long("read-only").action(ArgAction::SetTrue).help("Its root directory cannot be changed"),
    )
}

/// Adds `--device`.
#[must_use]
pub fn device(command: clap::Command) -> clap::Command {
    let device = Arg::new("device").long("device").value_name("HOST[:CONTAINER][:PERMISSIONS]");
    command.arg(device.action(ArgAction::Append).help("A device of the host in it, or all those of a directory"))
}

/// The devices that it asks for.
///
/// # Errors
/// As [`Device::parse`].
pub fn devices(matches: &ArgMatches) -> Result<Vec<Device>> {
    let mut devices = Vec::new();
    for text in matches.get_many::<String>("device").into_iter().flatten() {
        devices.extend(Device::parse(text)?);
    }
    Ok(devices)
}

/// The mounts that these ask for, of directories of the host.
///
/// # Errors
/// As [`Volume::parse`]; when two have the same destination.
pub fn volumes(matches: &ArgMatches) -> Result<Vec<Mount>> {
    let mut mounts: Vec<Mount> = Vec::new();
    let given = |name| matches.get_many::<String>(name).into_iter().flatten();
    let volumes = given("volume").map(|text| (text, Volume::parse(text)));
    let long = given("mount").map(|text| (text, Volume::parse_mount(text)));
    let memory = given("tmpfs").map(|text| (text, Volume::parse_tmpfs(text)));
    for (text, volume) in volumes.chain(long).chain(memory) {
        let volume = volume?;
        // Who keeps volumes is the engine, several steps from here.
        match &volume.source {
            Source::Named(name) => {
                return Err(Error::new(format!("\"{name}\" names a volume: not supported yet"))
                    .code(code::NOT_THERE_YET)
                    .hint(format!("for a directory write ./{name}")));
            }
            Source::Anonymous => {
                let words = "volumes without a directory of the host are not supported yet";
                return Err(Error::new(format!("{text}: {words}")).code(code::BAD_VOLUME));
            }
            Source::Image(name) => {
                return Err(
                    Error::new(format!("the image {name} as a mount: that takes an engine")).code(code::NOT_THERE_YET)
                );
            }
            Source::Host(_) if volume.is_overlay() => {
                return Err(Error::new(format!("{text}: option O takes an engine")).code(code::NOT_THERE_YET));
            }
            Source::Host(_) | Source::Memory | Source::Terminals => {}
        }
        let mount = volume.mount();
        if mounts.iter().any(|known| known.destination == mount.destination) {
            return Err(Error::new(format!("{}: duplicate mount destination", mount.destination.display()))
                .code(code::DUPLICATE_MOUNT));
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
    let root = matches
        .get_one::<PathBuf>("rootfs")
        .ok_or_else(|| Error::new("no root directory specified").code(code::NO_ROOT))?;
    check(root)?;
    let mut rootfs = Rootfs::new(root, !namespaces::run::own_network(matches));
    rootfs.mounts = arrange(rootfs.mounts, volumes(matches)?);
    rootfs.devices.extend(devices(matches)?);
    rootfs.readonly = is_read_only(matches);
    Ok(rootfs)
}

fn check(root: &Path) -> Result<()> {
    let tried = || format!("stat {}", root.display());
    match fs::metadata(root) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Error::because(tried(), "not a directory").code(code::NO_ROOT)),
        // As Podman writes it, so that scripts that look for its words find ours.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Error::because(tried(), "no such file or directory").code(code::NO_ROOT))
        }
        Err(error) => Err(Error::os(tried(), error)),
    }
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let rootfs = from_arguments(matches)?;
    let (namespaces, hostname) = namespaces::run::from_arguments(matches)?;
    namespaces.run(&process::run::program(matches), Stdio::from_arguments(matches), &(hostname, rootfs))
}
