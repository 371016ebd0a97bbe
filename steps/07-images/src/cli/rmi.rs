//! `rmi`: names go, and with the last one the image.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};

use super::{enter, open_store, root_argument, say};
use crate::digest::is_hex_prefix;
use crate::store::unknown;
use crate::{Image, Store};

/// Who needs images; the step that has containers says it.
pub trait Containers {
    /// Container and image ID of each that needs one.
    ///
    /// # Errors
    /// When that cannot be told.
    fn users(&self) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    /// Removes a container, running or not.
    ///
    /// # Errors
    /// When that cannot be done.
    fn remove(&self, container: &str) -> Result<()> {
        Err(Error::new(format!("cannot remove container {container}")).code(code::IMAGE_IN_USE))
    }
}

impl Containers for () {}

/// The verb, where there are no containers.
pub const COMMAND: Command = Command {
    name: "rmi",
    about: "Remove one or more images from local storage",
    define,
    run: |m, out| run(m, out, &()),
};

/// Its arguments.
#[must_use]
pub fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, short| Arg::new(name).long(name).short(short).action(ArgAction::SetTrue);
    root_argument(command)
        .arg(flag("all", 'a').help("Remove all images"))
        .arg(flag("force", 'f').help("Remove an image by its ID with all its names, and the containers that use it"))
        .arg(flag("ignore", 'i').help("An image that is not there is no error"))
        .arg(Arg::new("no-prune").long("no-prune").action(ArgAction::SetTrue).hide(true))
        .arg(Arg::new("image").value_name("IMAGE").num_args(0..).help("NAME[:TAG|@DIGEST] or ID"))
}

/// Does it.
///
/// # Errors
/// Exit status 1 when an image is not there, 2 when one is needed by a container, as Podman's.
pub fn run(matches: &ArgMatches, out: &mut dyn Write, containers: &dyn Containers) -> Result<u8> {
    let names: Vec<String> = matches.get_many("image").into_iter().flatten().cloned().collect();
    let (all, force) = (matches.get_flag("all"), matches.get_flag("force"));
    match (all, names.is_empty()) {
        (true, false) => {
            return Err(Error::new("when using the --all switch, you may not pass any images names or IDs")
                .code(code::CONFLICT));
        }
        (false, true) => return Err(Error::new("image name or ID must be specified").code(code::WRONG_COUNT)),
        _ => {}
    }
    // Files of layers belong to others.
    if let Some(status) = enter()? {
        return Ok(status);
    }
    let store = open_store(matches)?;
    let mut failed = Failed::default();
    if all {
        for image in store.list()? {
            failed.note(remove(&store, out, &image, force, containers));
        }
    }
    for name in &names {
        match store.find(name) {
            Ok(image) => failed.note(remove_named(&store, out, name, &image, force, containers)),
            Err(_) if matches.get_flag("ignore") || force => {}
            Err(error) => failed.note(Err(error.exit(1))),
        }
    }
    failed.result()
}

fn remove_named(
    store: &Store,
    out: &mut dyn Write,
    name: &str,
    image: &Image,
    force: bool,
    containers: &dyn Containers,
) -> Result<()> {
    let id = name.strip_prefix("sha256:").unwrap_or(name);
    let named = store.untaggable(image, name).is_some();
    let by_id = is_hex_prefix(id) && image.id.starts_with(id) && !named;
    // Another process has taken the name since it was found: what is left is not what was asked about.
    if !by_id && !named && !name.contains('@') {
        return if force { Ok(()) } else { Err(unknown(name).exit(1)) };
    }
    if by_id && image.names.len() > 1 && !force {
        return Err(Error::new(format!(
            "unable to delete image {:?} by ID with more than one tag ([{}]): please force removal",
            image.id,
            image.names.join(" ")
        ))
        .code(code::IMAGE_IN_USE));
    }
    // Also when forced: whoever says a name means this name.
    if !by_id && image.names.len() > 1 {
        let full = store.untag(image, name)?;
        return say(out, format!("Untagged: {full}"));
    }
    remove(store, out, image, force, containers)
}

fn remove(store: &Store, out: &mut dyn Write, image: &Image, force: bool, containers: &dyn Containers) -> Result<()> {
    for (container, _) in containers.users()?.iter().filter(|(_, id)| *id == image.id) {
        if !force {
            return Err(Error::new(format!(
                "image used by {container}: image is in use by a container: consider listing external containers and \
                 force-removing image"
            ))
            .code(code::IMAGE_IN_USE)
            .exit(2));
        }
        containers.remove(container)?;
    }
    let gone = store.remove(image)?;
    for name in &image.names {
        say(out, format!("Untagged: {name}"))?;
    }
    if gone { say(out, format!("Deleted: {}", image.id)) } else { Ok(()) }
}

/// Errors of several, one after the other.
#[derive(Default)]
struct Failed(Vec<Error>);

impl Failed {
    fn note(&mut self, result: Result<()>) {
        self.0.extend(result.err());
    }

    /// All of them as one: in use counts more than the rest, and not known less.
    fn result(mut self) -> Result<u8> {
        let statuses: Vec<u8> = self.0.iter().map(Error::status).collect();
        match self.0.len() {
            0 => Ok(0),
            1 => Err(self.0.remove(0)),
            count => {
                let lines: String = self.0.iter().map(|error| format!("\n\t* {error}")).collect();
                let status = [2, 125].into_iter().find(|status| statuses.contains(status)).unwrap_or(1);
                Err(Error::new(format!("{count} errors occurred:{lines}\n")).code(code::SEVERAL).exit(status))
            }
        }
    }
}
