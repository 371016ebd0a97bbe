//! Verbs of a few lines: `pause`, `unpause`, `rename`, `port`, `container exists`, `container prune`.

use std::io::Write;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};

use crate::filter::Filters;
use crate::foreign::Foreign;
use crate::{Engine, Record, names, names_of};

/// The verb.
pub const PAUSE: Command = Command {
    name: "pause",
    about: "Freeze all processes of one or more containers",
    define: |command| names_of::arguments(command, "All running containers"),
    run: |matches, out| frozen(matches, out, true),
};
/// The verb.
pub const UNPAUSE: Command = Command {
    name: "unpause",
    about: "Let the processes of one or more containers go on",
    define: |command| names_of::arguments(command, "All frozen containers"),
    run: |matches, out| frozen(matches, out, false),
};
/// The verb.
pub const RENAME: Command =
    Command { name: "rename", about: "Give a container another name", define: two, run: rename };
/// The verb.
pub const PORT: Command = Command { name: "port", about: "List the ports of a container", define: ports, run: port };
/// The verb.
pub const EXISTS: Command =
    Command { name: "container exists", about: "Whether there is such a container", define: one, run: exists };
/// The verb.
pub const PRUNE: Command =
    Command { name: "container prune", about: "Remove all containers that do not run", define: pruned, run: prune };

fn one(command: clap::Command) -> clap::Command {
    let external =
        Arg::new("external").long("external").action(ArgAction::SetTrue).help("Nothing: there are no others");
    images::root_argument(command)
        .arg(Arg::new("name").value_name("CONTAINER").required(true).help("Name or id"))
        .arg(external)
}

fn two(command: clap::Command) -> clap::Command {
    let new = Arg::new("new").value_name("NAME").required(true).value_parser(names::check).help("The new name");
    images::root_argument(command)
        .arg(Arg::new("name").value_name("CONTAINER").required(true).help("Name or id"))
        .arg(new)
}

fn ports(command: clap::Command) -> clap::Command {
    let port = Arg::new("port").value_name("PORT[/PROTOCOL]").help("Only this port of the container");
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    images::root_argument(command)
        .arg(Arg::new("name").value_name("CONTAINER").help("Name or id"))
        .arg(port)
        .arg(flag("all", "All running containers").short('a'))
        .arg(flag("latest", "The container that was created last").short('l'))
}

fn pruned(command: clap::Command) -> clap::Command {
    let force = Arg::new("force").short('f').long("force").action(ArgAction::SetTrue).help("Do not ask");
    let filter = Arg::new("filter").long("filter").value_name("NAME=VALUE").action(ArgAction::Append);
    images::root_argument(command).arg(force).arg(filter.help("Only those for which this is so"))
}

fn named(engine: &Engine, matches: &ArgMatches) -> Result<Record> {
    engine.find(matches.get_one::<String>("name").map_or("", String::as_str))
}

fn frozen(matches: &ArgMatches, out: &mut dyn Write, freeze: bool) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let wanted = |record: &Record| {
        engine
            .status(record)
            .is_ok_and(|status| status.is_running() && (status.phase == crate::Phase::Paused) != freeze)
    };
    names_of::each(names_of::select(&engine, matches, wanted)?, out, |record| engine.freeze(record, freeze))
}

impl Engine {
    /// Freezes the processes of a container, or lets them go on.
    ///
    /// # Errors
    /// When it does not run, or has no cgroup.
    pub fn freeze(&self, record: &Record, freeze: bool) -> Result<()> {
        let status = self.status(record)?;
        if !status.is_running() || (status.phase == crate::Phase::Paused) == freeze {
            let verb = if freeze { "is not running, can't pause" } else { "is not paused, can't unpause" };
            let error =
                Error::new(format!("\"{}\" {verb}: container state improper", record.id)).code(code::WRONG_STATE);
            return Err(if status.is_running() { error } else { error.code(code::NOT_RUNNING) });
        }
        let cgroup = status.life.cgroup.as_deref().and_then(|path| cgroups::Cgroup::open(Path::new(path)));
        let cgroup = cgroup.ok_or_else(|| {
            Error::new(format!("the container {} has no cgroup, which is what is frozen", record.name))
                .hint("cgroup v2 has to be delegated to you: see the book's chapter about cgroups")
                .code(code::NO_DELEGATION)
        })?;
        match (Foreign::of(self, record), freeze) {
            (Some(by), _) => by.freeze(freeze)?,
            (None, true) => cgroup.freeze()?,
            (None, false) => cgroup.thaw()?,
        }
        self.event(if freeze { "pause" } else { "unpause" }, record, &[]);
        Ok(())
    }
}

fn rename(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let record = named(&engine, matches)?;
    if let Some(name) = matches.get_one::<String>("new") {
        engine.state().rename(&record, name)?;
        engine.event("rename", &Record { name: name.clone(), ..record }, &[]);
    }
    Ok(0)
}

fn port(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let records = match (matches.get_flag("all"), matches.get_flag("latest")) {
        (true, _) => engine.list()?.into_iter().filter(|record| engine.state().is_running(&record.id)).collect(),
        (_, true) => engine.list()?.into_iter().take(1).collect(),
        _ => vec![named(&engine, matches)?],
    };
    for record in records {
        let asked = matches.get_one::<String>("port").map(String::as_str);
        let prefix = if matches.get_flag("all") { format!("{}\t", record.short()) } else { String::new() };
        for line in network::ports::lines(&record.options.network, asked)? {
            writeln!(out, "{prefix}{line}").map_err(|error| Error::os("write to standard output", error))?;
        }
    }
    Ok(0)
}

fn exists(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    Ok(u8::from(named(&engine, matches).is_err()))
}

fn prune(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    if !matches.get_flag("force") && !confirmed(out)? {
        return Ok(0);
    }
    if let Some(status) = namespaces::reexec_as_root()? {
        return Ok(status);
    }
    let engine = Engine::from_arguments(matches)?;
    let filters = Filters::parse(matches.get_many::<String>("filter").into_iter().flatten())?;
    for record in engine.list()? {
        let status = engine.status(&record)?;
        if status.is_running()
            || status.phase == crate::Phase::Initialized
            || !filters.fit(&engine, &record, &status)?
        {
            continue;
        }
        engine.remove(&record, false)?;
        writeln!(out, "{}", record.id).map_err(|error| Error::os("write to standard output", error))?;
    }
    Ok(0)
}

/// Asks the person, once: the other side, which is root of the namespace, is called with the answer known.
fn confirmed(out: &mut dyn Write) -> Result<bool> {
    if nix::unistd::geteuid().is_root() && namespaces::itself::caller() != 0 {
        return Ok(true);
    }
    let failed = |error| Error::os("ask", error);
    let question = "WARNING! This will remove all non running containers.\nAre you sure you want to continue? [y/N] ";
    out.write_all(question.as_bytes()).and_then(|()| out.flush()).map_err(failed)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(answer.trim().eq_ignore_ascii_case("y") || answer.trim().eq_ignore_ascii_case("yes"))
}
