//! `explain`: what a container is made of, told while it is made (`run --explain`), read back from the kernel
//! (`explain CONTAINER` or `PID`), whose a file is on both sides of the id map (`explain PATH`),
//! and what an error means (`explain CODE`).

mod codes;
mod making;
mod path;
mod process;

use std::io::Write;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, value_parser};

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
        .arg(
            Arg::new("group-add")
                .long("group-add")
                .value_name("GID")
                .action(ArgAction::Append)
                .value_parser(value_parser!(u32))
                .help("Of a file: a further group of that user"),
        )
        .arg(
            Arg::new("image")
                .long("image")
                .value_name("IMAGE")
                .conflicts_with("user")
                .help("Of a file: ask for the user of this image"),
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
        let user = match (matches.get_one::<String>("user"), matches.get_one::<String>("image")) {
            (Some(user), _) => path::user(user)?,
            (None, Some(image)) => image_user(matches, image)?,
            (None, None) => path::User::usual(),
        };
        let further = matches.get_many::<u32>("group-add").into_iter().flatten().copied();
        path::explain(Path::new(what), &user.with(further))?
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

/// The user as whom an image's program runs. Its name is looked up in the highest layer that has an /etc/passwd.
fn image_user(matches: &ArgMatches, name: &str) -> Result<path::User> {
    let engine = Engine::from_arguments(matches)?;
    let store = engine.store();
    let image = registry::find(store, name)?;
    let layers = store.layer_dirs(&image);
    let has = |layer: &&std::path::PathBuf| layer.join("etc/passwd").symlink_metadata().is_ok();
    let Some(layer) = layers.iter().find(has).or_else(|| layers.first()) else { return Ok(path::User::new(0, 0)) };
    let root = rootfs::beneath::Root::open(layer);
    let root = root.map_err(|error| Error::os(format!("open the layer {}", layer.display()), error))?;
    let user = crate::user::find(&root, &image.config.user)?.user;
    Ok(path::User::new(user.uid, user.gid).with(user.groups))
}

/// A line each.
pub(crate) fn print(lines: &[Line], out: &mut dyn Write) -> std::io::Result<()> {
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}
