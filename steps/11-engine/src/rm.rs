//! `rm CONTAINER...`: removes containers.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use namespaces::Space;
use process::{Command, Error, Result, code};

use crate::{Engine, Record, names_of, stop};

/// The verb.
pub const RM: Command = Command { name: "rm", about: "Remove one or more containers", define, run };
/// The verb again, for what a crash left.
pub const SWEEP: Command =
    Command { name: "sweep", about: "", define: images::root_argument, run: |matches, _| sweep(matches) };

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    (stop::STOP.define)(command)
        .mut_arg("all", |all| all.help("All containers"))
        .arg(flag("force", "End it when it runs").short('f'))
        .arg(flag("volumes", "Remove the volumes that were made for it alone").short('v'))
        .arg(Arg::new("depend").long("depend").action(ArgAction::SetTrue).help("Those that depend on it, too"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    // Files of the container belong to subordinate ids.
    if let Some(status) = namespaces::reexec_as_root()? {
        return Ok(status);
    }
    let engine = Engine::from_arguments(matches)?;
    let force = matches.get_flag("force");
    let asked = names_of::select(&engine, matches, |record| force || !engine.state().is_running(&record.id));
    let mut asked = asked?;
    for one in &mut asked {
        // Of what is not there, this verb alone has a status of its own.
        one.found = one.found.clone().map_err(|error| error.exit(1));
    }
    let remove = |record: &Record| {
        if force {
            // Before it is ended for nothing.
            engine.check_dependents(record)?;
            engine.stop(record, stop::time(matches))?;
        }
        engine.remove(record, matches.get_flag("volumes"))
    };
    let depend = matches.get_flag("depend");
    names_of::each(asked, out, |record| {
        if depend {
            // The last ones of all first.
            for other in engine.dependents(record)?.iter().rev() {
                remove(other)?;
            }
        }
        remove(record)
    })
}

fn sweep(matches: &ArgMatches) -> Result<u8> {
    if let Some(status) = namespaces::reexec_as_root()? {
        return Ok(status);
    }
    // To open the engine is to sweep.
    Engine::from_arguments(matches).map(|_| 0)
}

impl Engine {
    /// Removes a container that does not run. The caller is root of the user's namespace.
    ///
    /// # Errors
    /// When it runs, or something of it cannot be removed.
    pub fn remove(&self, record: &Record, volumes: bool) -> Result<()> {
        let Some(running) = self.state().lock(&record.id)? else {
            return Err(Error::new(format!(
                "cannot remove container {} as it is running - running or paused containers cannot be removed without \
                 force: container state improper",
                record.id
            ))
            .code(code::WRONG_STATE)
            .exit(2));
        };
        self.check_dependents(record)?;
        // It removed itself at its end.
        if !self.state().container(&record.id).exists() {
            return Ok(());
        }
        let removed = if volumes { self.discard(record) } else { self.forget(record) };
        if removed.is_err() {
            running.leave();
        }
        removed
    }

    /// Nothing when no other container needs it.
    fn check_dependents(&self, record: &Record) -> Result<()> {
        let dependents = self.dependents(record)?;
        if dependents.is_empty() {
            return Ok(());
        }
        let ids = dependents.iter().map(|record| record.id.as_str()).collect::<Vec<_>>().join(", ");
        let words = format!(
            "container {} has dependent containers which must be removed before it: {ids}: container already exists",
            record.id
        );
        Err(Error::new(words).code(code::HAS_DEPENDANTS).hint("rm --depend removes them, too"))
    }

    /// Those that share a namespace of it, those that share one of these, and so on: without it they cannot start.
    ///
    /// # Errors
    /// When the containers cannot be read.
    pub fn dependents(&self, record: &Record) -> Result<Vec<Record>> {
        let all = self.list()?;
        let mut found: Vec<Record> = Vec::new();
        let mut next = Some(record.id.clone());
        let mut seen = 0;
        while let Some(id) = next {
            let shares = |other: &&Record| {
                let of = |(_, _, space): &(_, _, Space)| *space == Space::Container(id.clone());
                other.options.spaces().iter().any(of) && found.iter().all(|known| known.id != other.id)
            };
            let new: Vec<Record> = all.iter().filter(shares).cloned().collect();
            found.extend(new);
            next = found.get(seen).map(|record| record.id.clone());
            seen += 1;
        }
        Ok(found)
    }

    /// The container's files, and the volumes that were made for it alone, by whoever has just read its name.
    pub(crate) fn discard_as(&self, record: &Record) -> Result<()> {
        self.discard_volumes(record)?;
        self.forget_as(record)
    }

    /// Removes the container's files, and the volumes that were made for it alone.
    pub(crate) fn discard(&self, record: &Record) -> Result<()> {
        self.discard_volumes(record)?;
        self.forget(record)
    }

    fn forget(&self, record: &Record) -> Result<()> {
        // It may have another name by now.
        let now = Record::read(&self.state().container(&record.id)).ok().flatten();
        self.forget_as(now.as_ref().unwrap_or(record))
    }

    /// The same for who knows its name.
    fn forget_as(&self, record: &Record) -> Result<()> {
        self.state().remove(record)?;
        self.event("remove", record, &[]);
        Ok(())
    }
}
