//! `volume rm VOLUME...`.

use std::io::Write;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::{Command, Error, Result, code};

use super::{gather, given, line, names};
use crate::Engine;

/// The verb.
pub(crate) const RM: Command = Command { name: "volume rm", about: "Remove one or more volumes", define, run };
/// The same.
pub(crate) const REMOVE: Command = Command { name: "volume remove", about: "", ..RM };

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    images::root_argument(command)
        .arg(flag("all", "All that no container uses").short('a'))
        .arg(flag("force", "Also the containers that use them").short('f'))
        .arg(
            Arg::new("time")
                .short('t')
                .long("time")
                .visible_alias("timeout")
                .value_name("SECONDS")
                .value_parser(value_parser!(u64))
                .help("How long to wait before such a container is killed"),
        )
        .arg(names("Names, or beginnings of names"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let (names, all, force) = (given(matches, "names"), matches.get_flag("all"), matches.get_flag("force"));
    let time = matches.get_one::<u64>("time");
    if names.is_empty() != all {
        return Err(Error::new("choose either one or more volumes or all").code(code::CONFLICT));
    }
    if time.is_some() && !force {
        return Err(Error::new("--force option must be specified to use the --time option").code(code::CONFLICT));
    }
    // Its files belong to the containers' users.
    if let Some(status) = namespaces::reexec_as_root()? {
        return Ok(status);
    }
    let engine = Engine::from_arguments(matches)?;
    engine.volumes().sweep();
    let names = match all {
        true => engine.volumes().list()?.into_iter().map(|volume| volume.name).collect(),
        false => names,
    };
    let mut last = None;
    for name in names {
        match engine.remove_volume(
            &name,
            force.then(|| time.map_or(Duration::from_secs(10), |time| Duration::from_secs(*time))),
        ) {
            Ok(name) => line(out, &name)?,
            Err(error) if force && error.status() == 1 => {}
            Err(error) => gather(&mut last, error),
        }
    }
    last.map_or(Ok(0), Err)
}

impl Engine {
    /// Removes the volume of this name or beginning of a name, and returns the name. With `force` the containers that use
    /// it are removed, too; those that run get so much time to end. The caller is root of the user's namespace.
    ///
    /// # Errors
    /// When it is not there (exit status 1), when it is used (2).
    pub fn remove_volume(&self, name: &str, force: Option<Duration>) -> Result<String> {
        let volumes = self.volumes();
        let name = volumes.find(name)?.name;
        if force.is_some() {
            for record in self.users_of_volume(&name)? {
                self.stop(&record, force)?;
                self.remove(&record, false)?;
            }
        }
        volumes.remove(&name, &|name| self.ids_of_users(name))?;
        Ok(name)
    }
}
