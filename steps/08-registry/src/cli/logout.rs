//! `logout`: forgets a password.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};

use super::{registry, say};
use crate::Options;
use crate::auth;
use crate::conf::Conf;
use crate::options::authfile;

pub const COMMAND: Command = Command { name: "logout", about: "Log out of a container registry", define, run };

fn define(command: clap::Command) -> clap::Command {
    command
        .arg(authfile())
        .arg(Arg::new("all").short('a').long("all").action(ArgAction::SetTrue).help("Forget all registries"))
        .arg(Arg::new("registry").value_name("REGISTRY").help("Registry (default: the first of registries.conf)"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let options = Options::from_arguments(matches)?;
    let file = options.authfile.as_deref();
    let named = matches.get_one::<String>("registry");
    if matches.get_flag("all") {
        if named.is_some() {
            return Err(Error::new("--all takes no arguments").code(code::WRONG_COUNT));
        }
        auth::clear(file)?;
        say(out, "Removed login credentials for all registries")?;
        return Ok(0);
    }
    let conf = Conf::read()?;
    let (key, _) = registry(&conf, named)?;
    if auth::remove(file, &key)? {
        say(out, format!("Removed login credentials for {key}"))?;
        return Ok(0);
    }
    // Another file has it, which is not ours to write.
    if auth::find(&conf, &options, &key)?.is_some() {
        return Err(Error::new(format!(
            "Not logged into {key} with current tool. Existing credentials were established via docker login. \
             Please use docker logout instead."
        ))
        .code(code::NOT_LOGGED_IN));
    }
    Err(Error::new(format!("not logged into {key}")).code(code::NOT_LOGGED_IN))
}
