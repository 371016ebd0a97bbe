//! The verbs of this step.

mod login;
mod logout;
mod prompt;
mod pull;

use std::io::Write;

use process::{Command, Error, Result, code, command};

use crate::conf::Conf;

/// `login`, `logout`, `pull`, and their names in groups.
#[must_use]
pub fn commands() -> &'static [Command] {
    const GROUP: Command = command::group("image", "Manage images");
    const IMAGE_PULL: Command = Command { name: "image pull", ..pull::COMMAND };
    &[login::COMMAND, logout::COMMAND, pull::COMMAND, GROUP, IMAGE_PULL]
}

/// The key by which a registry's password is kept, and the registry: what the command line says, or the first one of
/// registries.conf.
fn registry(conf: &Conf, named: Option<&String>) -> Result<(String, String)> {
    let named = named.or(conf.search.first()).ok_or_else(|| {
        Error::new("no registries found in registries.conf, a registry must be provided").code(code::SHORT_NAME)
    })?;
    let bare = named.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    let host = bare.split('/').next().unwrap_or_default();
    if host.is_empty() || host.contains(char::is_whitespace) || host.contains('@') {
        return Err(Error::new(format!("{named:?} is not the name of a registry")).code(code::BAD_REFERENCE));
    }
    // What old guides say.
    let key = if matches!(bare, "index.docker.io/v1" | "index.docker.io") { "docker.io" } else { bare };
    let host = key.split('/').next().unwrap_or(key);
    Ok((key.to_string(), host.to_string()))
}

fn say(out: &mut dyn Write, line: impl std::fmt::Display) -> Result<()> {
    writeln!(out, "{line}").map_err(|error| Error::os("write to standard output", error))
}
