//! The command line of `run`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Error, Result, Stdio};
use rootfs::Volume;

use crate::names;

/// What `run` was asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// The image, as the user calls it.
    pub image: String,
    /// The program's arguments; empty for the image's.
    pub command: Vec<String>,
    /// `--entrypoint`, taken apart.
    pub entrypoint: Option<Vec<String>>,
    /// `NAME=value`, or `NAME` to take the caller's.
    pub env: Vec<String>,
    /// Where to start; `None` is the image's choice.
    pub workdir: Option<String>,
    /// `--user`.
    pub user: Option<String>,
    /// `--hostname`.
    pub hostname: Option<String>,
    /// `--name`.
    pub name: Option<String>,
    /// Directories of the host.
    pub volumes: Vec<Volume>,
    /// Whether it gets a network namespace of its own.
    pub own_network: bool,
    /// `--rm`.
    pub remove: bool,
    /// `-i`, `-t`.
    pub stdio: Stdio,
}

/// Adds the flags of `run`.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    let value = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let list = |arg: Arg| arg.action(ArgAction::Append);
    let command = namespaces::run::network(namespaces::run::hostname(images::root_argument(command)));
    Stdio::arguments(command)
        .arg(value("rm", "", "Remove the container when it ends").action(ArgAction::SetTrue))
        .arg(value("name", "NAME", "The container's name").value_parser(names::check))
        .arg(
            list(value("env", "NAME=VALUE", "Set an environment variable; without a value, pass the caller's"))
                .short('e'),
        )
        .arg(list(value("volume", "DIR:PATH[:OPTIONS]", "Show DIR of the host at PATH")).short('v'))
        .arg(value("workdir", "DIR", "The directory to start in").short('w'))
        .arg(value("user", "USER[:GROUP]", "The user, by name or number").short('u'))
        .arg(value("entrypoint", "COMMAND", "The program, instead of the image's: a path, or a JSON list"))
        .arg(
            Arg::new("image")
                .value_names(["IMAGE", "COMMAND"])
                .help("The image, and a command instead of the image's")
                .required(true)
                .num_args(1..)
                .trailing_var_arg(true),
        )
}

impl Options {
    /// Reads them.
    ///
    /// # Errors
    /// When one cannot be.
    pub fn from_arguments(matches: &ArgMatches) -> Result<Options> {
        let one = |name: &str| matches.get_one::<String>(name).cloned();
        let many = |name: &str| matches.get_many::<String>(name).into_iter().flatten().cloned();
        let mut words = many("image");
        let image = words.next().unwrap_or_default();
        let workdir = one("workdir");
        if let Some(relative) = workdir.as_ref().filter(|path| !path.starts_with('/')) {
            return Err(Error::new(format!(
                "the working directory \"{relative}\" is invalid, it needs to be an absolute path"
            )));
        }
        let volumes = many("volume").map(|text| Volume::parse(&text)).collect::<Result<Vec<_>>>()?;
        let places: Vec<&PathBuf> = volumes.iter().map(|volume| &volume.destination).collect();
        if let Some(index) = (1..places.len()).find(|index| places[..*index].contains(&places[*index])) {
            return Err(Error::new(format!("{}: duplicate mount destination", places[index].display())));
        }
        Ok(Options {
            image,
            command: words.collect(),
            entrypoint: one("entrypoint").map(|text| entrypoint(&text)),
            env: many("env").collect(),
            workdir,
            user: one("user"),
            hostname: one("hostname"),
            name: one("name"),
            volumes,
            own_network: namespaces::run::own_network(matches),
            remove: matches.get_flag("rm"),
            stdio: Stdio::from_arguments(matches),
        })
    }
}

/// A JSON list of strings, or else one program; an empty one takes the image's away.
fn entrypoint(text: &str) -> Vec<String> {
    match serde_json::from_str(text) {
        Ok(list) => list,
        Err(_) if text.is_empty() => Vec::new(),
        Err(_) => vec![text.to_string()],
    }
}
