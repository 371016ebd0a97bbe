//! `run --bundle DIR ID`: creates a container and waits for it.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, value_parser};
use namespaces::{Namespaces, itself};
use nix::sched::CloneFlags;
use nix::unistd::geteuid;
use oci_spec::runtime::Spec;
use process::{Command, Error, Result, Stdio};

use crate::{Container, bundle, translate};

/// The verb.
pub const RUN: Command = Command { name: "run", about: "Run the container of a bundle", define, run };
/// The verb again, on the other side: in the user namespace, with the same arguments.
pub const CONTAINER: Command = Command { name: "container", about: "", define, run: container };

fn define(command: clap::Command) -> clap::Command {
    command
        .arg(
            Arg::new("bundle")
                .short('b')
                .long("bundle")
                .value_name("DIR")
                .default_value(".")
                .value_parser(value_parser!(PathBuf))
                .help("The directory with config.json"),
        )
        .arg(Arg::new("id").value_name("ID").required(true).value_parser(bundle::check_id).help("The container's id"))
}

fn load(matches: &ArgMatches) -> Result<(Spec, PathBuf)> {
    bundle::load(matches.get_one::<PathBuf>("bundle").unwrap_or(&PathBuf::from(".")))
}

fn stdio(spec: &Spec) -> Stdio {
    let terminal = spec.process().as_ref().and_then(|process| process.terminal()).unwrap_or(false);
    Stdio { terminal, interactive: true }
}

// ANCHOR: run
fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let (spec, bundle) = load(matches)?;
    Container::from_spec(&spec, &bundle)?;
    let users = translate::id_map(&spec)?;
    if users.is_none() && !geteuid().is_root() {
        return Err(Error::new("the container's configuration has no user namespace, which only root can do without"));
    }
    let outer = Namespaces { users, others: CloneFlags::CLONE_NEWNS };
    let mut args: Vec<OsString> = vec!["runtime".into(), CONTAINER.name.into(), "--bundle".into(), bundle.into()];
    args.extend(matches.get_one::<String>("id").map(Into::into));
    outer.run_through(&itself::program(args), stdio(&spec), &())
}

fn container(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let (spec, bundle) = load(matches)?;
    if !geteuid().is_root() {
        return Err(Error::new("container: only run starts this verb, as root in a user namespace"));
    }
    Container::from_spec(&spec, &bundle)?.run(stdio(&spec).console()?)
}
// ANCHOR_END: run
