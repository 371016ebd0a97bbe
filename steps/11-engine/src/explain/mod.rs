//! `explain`: what a container is made of, told while it is made (`run --explain`), read back from the kernel
//! (`explain CONTAINER` or `PID`), whose a file is on both sides of the id map (`explain PATH`),
//! and what an error means (`explain CODE`).

mod codes;
mod making;
mod path;
mod process;

use std::io::Write;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches};

use ::process::explain::Line;
use ::process::{Command, Error, Result, code};

use crate::Engine;

pub(crate) use making::{file, making};

/// The verb.
pub const EXPLAIN: Command = Command {
    name: "explain",
    about: "Tell how a container or a process is walled in, who may do what with a file, or what an error means",
    define,
    run,
};

fn define(command: clap::Command) -> clap::Command {
    images::root_argument(command)
        .arg(
            Arg::new("what").value_name("CONTAINER|PID|PATH|CODE").required_unless_present("codes").help(
                "A container, a process by number, a file, whose name has a slash in it, or the code of an error",
            ),
        )
        .arg(
            Arg::new("user")
                .short('u')
                .long("user")
                .value_name("UID[:GID]")
                .help("Of a file: who, in the container, wants to use it (1000)"),
        )
        .arg(Arg::new("codes").long("codes").action(ArgAction::SetTrue).help("List the codes of errors"))
}

// ANCHOR: explain
fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    if matches.get_flag("codes") {
        return codes::list(out).map(|()| 0);
    }
    let what = matches.get_one::<String>("what").map_or("", String::as_str);
    // What a person has called so comes first; nobody needs a store for the rest.
    let called = || {
        let record = Engine::from_arguments(matches).and_then(|engine| engine.find(what));
        record.is_ok_and(|record| record.name == what || record.id == what)
    };
    if let Some(code) = code::parse(what).filter(|_| !called()) {
        return codes::explain(code, out).map(|()| 0);
    }
    let lines = if what.contains('/') || what == "." || what == ".." {
        let user = matches.get_one::<String>("user").map_or(Ok(path::USUAL), |user| path::user(user))?;
        path::explain(Path::new(what), user)?
    } else if let Some(pid) = what.parse::<u32>().ok().filter(|_| !called()) {
        process::explain(pid)?
    } else {
        let engine = Engine::from_arguments(matches)?;
        let record = engine.find(what).map_err(|error| {
            error.hint(
                "a process is named by its number, a file by a path with a slash in it (./NAME), an error by its code",
            )
        })?;
        let status = engine.status(&record)?;
        let pid = status.life.pid.filter(|_| status.is_running()).ok_or_else(|| {
            Error::new(format!("container {} does not run, so there is nothing of it in the kernel", record.name))
                .code(code::NOT_RUNNING)
                .hint("run --explain tells what is done to make one")
        })?;
        process::explain(pid)?
    };
    print(&lines, out).map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}
// ANCHOR_END: explain

/// A line each.
pub(crate) fn print(lines: &[Line], out: &mut dyn Write) -> std::io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}
