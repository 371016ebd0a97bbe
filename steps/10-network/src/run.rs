//! `run --rootfs DIR COMMAND`: a container that talks.
//!
//! Two processes of this program do it. The one that the user started keeps the terminal and the signals. Its child is
//! root in a user namespace, and still in the host's network; it starts the container, and pasta beside it.

use std::cell::RefCell;
use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use namespaces::{Joined, Namespaces, Space, Storage, itself};
use process::{Command, Error, Result, Stdio, code};
use runtime::Container;

use crate::files::Files;
use crate::{Network, Starting, options};

/// The verb.
pub const RUN: Command = Command { name: "run", about: "Run a program that talks", define, run };
/// The verb again, on the other side: in the user namespace, with the same arguments.
pub const CONTAINER: Command = Command { name: "run-inside", about: "", define, run: container };

fn define(command: clap::Command) -> clap::Command {
    let network = Arg::new("network").long("network").visible_alias("net").value_name("MODE").action(ArgAction::Append);
    let network = network.help("Its network: pasta[:OPTION,...] (the default), none or host");
    options::flags(confinement::run::arguments(command).mut_arg("network", |_| network))
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    // What is wrong with the command line is said before anything is made.
    let network = Network::from_arguments(matches)?;
    if !matches!(network.mode.space(), Space::Private | Space::Host) {
        return Err(
            Error::new(format!("--network {}: that takes an engine", network.mode.name())).code(code::NOT_THERE_YET)
        );
    }
    let mut args: Vec<_> = std::env::args_os().collect();
    if let Some(verb) = args.iter_mut().skip(1).find(|word| *word == RUN.name) {
        *verb = CONTAINER.name.into();
    }
    Storage::open()?.run_through(&itself::program(args), Stdio::from_arguments(matches), &())
}

// ANCHOR: container
fn container(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let mut network = Network::from_arguments(matches)?;
    network.choose_ports(&[])?;
    let container = compose(matches, &network)?;
    let console =
        Stdio::from_arguments(matches).console()?.map(|console| console.owner(container.confinement.user.uid));
    let name = container.hostname.0.clone().unwrap_or_else(|| "localhost".into());
    let inside = (&network, (Files::new(&network, &name)?, console));

    // pasta comes up while the container mounts its root.
    let starting = RefCell::new(None::<Starting>);
    let created = container.create(&inside, None, &|pid| {
        starting.replace(Some(network.begin(pid)?));
        Ok(())
    })?;
    let _attached = starting.take().map(Starting::ready).transpose()?;
    created.start()?.wait()
}
// ANCHOR_END: container

fn compose(matches: &ArgMatches, network: &Network) -> Result<Container> {
    let user = matches
        .get_one::<String>("user")
        .map_or(Ok(confinement::User::default()), |text| confinement::User::parse(text))?;
    let (_, hostname) = namespaces::run::from_arguments(matches)?;
    Ok(Container {
        users: None,
        namespaces: Namespaces::container(network.own_namespace())?.others,
        joined: Joined::default(),
        rootfs: rootfs::run::from_arguments(matches)?,
        hostname,
        confinement: confinement::run::from_arguments(matches, user)?,
        program: process::run::program(matches),
    })
}
