//! `run --rootfs DIR COMMAND`: confined.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Result, Stdio};

use crate::options::SecurityOptions;
use crate::seccomp::{Arch, Filter, Profile};
use crate::{Capabilities, Confinement, Rlimit, User, mask};

/// The verb.
pub const RUN: Command = Command { name: "run", about: "Run a confined program", define: arguments, run };

/// Adds what `run` has from this step on: `--user`, `--cap-add`, `--cap-drop`, `--security-opt`, `--ulimit`.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    rootfs::run::arguments(confinement(user(command)))
}

/// Adds `--user`.
#[must_use]
pub fn user(command: clap::Command) -> clap::Command {
    command.arg(
        Arg::new("user")
            .short('u')
            .long("user")
            .value_name("UID[:GID]")
            .allow_hyphen_values(true)
            .help("Who it is [default: 0:0]"),
    )
}

/// Adds the others.
#[must_use]
pub fn confinement(command: clap::Command) -> clap::Command {
    let list = |name: &'static str, value, help| {
        Arg::new(name).long(name).value_name(value).action(ArgAction::Append).help(help)
    };
    command.args([
        list("cap-add", "NAME", "A capability more than the default ones, or ALL").value_delimiter(','),
        list("cap-drop", "NAME", "A capability less, or ALL").value_delimiter(','),
        list(
            "security-opt",
            "OPTION",
            "no-new-privileges, seccomp=unconfined, mask=PATH[:PATH...], unmask=ALL or PATH[:PATH...]",
        ),
        list("ulimit", "NAME=SOFT[:HARD]", "A limit of the process"),
    ])
}

/// The confinement that the command line asks for, of this user.
///
/// # Errors
/// Whatever is not understood, with the word in question.
pub fn from_arguments(matches: &ArgMatches, user: User) -> Result<Confinement> {
    let strings = |name| matches.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<_>>();
    let options = SecurityOptions::parse(&strings("security-opt"))?;
    let capabilities = Capabilities::requested(user.uid, &strings("cap-add"), &strings("cap-drop"))?;
    let rlimits = strings("ulimit").iter().map(|text| Rlimit::parse(text)).collect::<Result<_>>()?;
    let seccomp = match options.unconfined {
        true => None,
        false => Some(Filter::compile(&Profile::default_for(&capabilities.bounding), Arch::NATIVE)?),
    };
    Ok(Confinement {
        user,
        capabilities,
        no_new_privileges: options.no_new_privileges,
        rlimits,
        seccomp,
        masked: options.masked(mask::masked()),
        readonly: options.unmasked(mask::readonly()),
    })
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let user = matches.get_one::<String>("user").map_or(Ok(User::default()), |text| User::parse(text))?;
    let confinement = from_arguments(matches, user)?;
    let rootfs = rootfs::run::from_arguments(matches)?;
    let (namespaces, hostname) = namespaces::run::from_arguments(matches)?;
    let setup = (hostname, (rootfs, confinement));
    namespaces.run(&process::run::program(matches), Stdio::from_arguments(matches), &setup)
}
