//! `run --rootfs DIR COMMAND`: confined.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Result, Stdio};
use rootfs::{Source, Volume};

use crate::label::{self, Label};
use crate::options::SecurityOptions;
use crate::seccomp::{Arch, Filter, Profile};
use crate::{Capabilities, Confinement, Own, Rlimit, Sysctl, User, mask};

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
            "no-new-privileges, seccomp=unconfined or FILE, apparmor=PROFILE, label=disable, label=type:TYPE, mask=PATH[:PATH...], unmask=ALL or PATH[:PATH...], proc-opts=hidepid=invisible,subset=pid",
        ),
        list("ulimit", "NAME=SOFT[:HARD]", "A limit of the process"),
        list("sysctl", "NAME=VALUE", "A setting of the kernel, of those that are in namespaces"),
    ])
}

/// What `--security-opt` says.
///
/// # Errors
/// As [`SecurityOptions::parse`].
pub fn security(matches: &ArgMatches) -> Result<SecurityOptions> {
    let given: Vec<String> = matches.get_many::<String>("security-opt").into_iter().flatten().cloned().collect();
    SecurityOptions::parse(&given)
}

/// The confinement that the command line asks for, of this user.
///
/// # Errors
/// Whatever is not understood, with the word in question.
pub fn from_arguments(matches: &ArgMatches, user: User) -> Result<Confinement> {
    let strings = |name| matches.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<_>>();
    let options = security(matches)?;
    let capabilities = Capabilities::requested(user.uid, &strings("cap-add"), &strings("cap-drop"))?;
    let rlimits = strings("ulimit").iter().map(|text| Rlimit::parse(text)).collect::<Result<_>>()?;
    confinement_of(user, capabilities, &options, rlimits)
}

/// The confinement of a user with these capabilities, by these options.
///
/// # Errors
/// None that would not be a mistake in the default profile.
pub fn confinement_of(
    user: User,
    capabilities: Capabilities,
    options: &SecurityOptions,
    rlimits: Vec<Rlimit>,
) -> Result<Confinement> {
    let profile = match &options.seccomp {
        _ if options.unconfined => None,
        Some(path) => Some(Profile::read(path, &capabilities.bounding)?),
        None => Some(Profile::default_for(&capabilities.bounding)),
    };
    let seccomp = profile.map(|profile| Filter::compile(&profile, Arch::NATIVE)).transpose()?;
    Ok(Confinement {
        user,
        capabilities,
        no_new_privileges: options.no_new_privileges,
        rlimits,
        seccomp,
        agent: None,
        label: None,
        apparmor: options.apparmor.clone(),
        sysctls: Vec::new(),
        masked: options.masked(mask::masked()),
        readonly: options.unmasked(mask::readonly()),
    })
}

/// What `--sysctl` says.
///
/// # Errors
/// As [`Sysctl::parse`].
pub fn sysctls(texts: &[String], own: Own) -> Result<Vec<Sysctl>> {
    texts.iter().map(|text| Sysctl::parse(text, own)).collect()
}

/// Volumes with `z` or `Z`.
fn relabel(matches: &ArgMatches, label: &Label) -> Result<()> {
    let given = |name| matches.get_many::<String>(name).into_iter().flatten();
    let volumes = given("volume").map(|text| Volume::parse(text));
    for volume in volumes.chain(given("mount").map(|text| Volume::parse_mount(text))) {
        let volume = volume?;
        if let Source::Host(path) = &volume.source
            && let Some(letter) = volume.relabel()
        {
            label::relabel(path, &label.mount, letter == 'z')?;
        }
    }
    Ok(())
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let user = matches.get_one::<String>("user").map_or(Ok(User::default()), |text| User::parse(text))?;
    let mut confinement = from_arguments(matches, user)?;
    let given: Vec<String> = matches.get_many("sysctl").into_iter().flatten().cloned().collect();
    confinement.sysctls = sysctls(&given, Own { network: namespaces::run::own_network(matches), ..Own::ALL })?;
    let mut rootfs = rootfs::run::from_arguments(matches)?;
    security(matches)?.restrict_proc(&mut rootfs.mounts)?;
    // Nobody keeps a list of containers here: two get the same pair of categories once in half a million.
    if let Some(label) = Label::pick(&security(matches)?.label, &|_| false)? {
        relabel(matches, &label)?;
        label::mark(&mut rootfs.mounts, &label.mount);
        confinement.label = label.process;
    }
    let (namespaces, hostname) = namespaces::run::from_arguments(matches)?;
    let setup = (hostname, (rootfs, confinement));
    namespaces.run(&process::run::program(matches), Stdio::from_arguments(matches), &setup)
}
