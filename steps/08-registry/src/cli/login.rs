//! `login`: proves a password to a registry, then keeps it.

use std::io::{Read, Write};

use clap::{Arg, ArgAction, ArgMatches};
use process::{Command, Error, Result, code};

use super::{prompt, registry, say};
use crate::Options;
use crate::auth::{self, Credentials};
use crate::conf::{Conf, Endpoint};
use crate::http::Failure;
use crate::options::{authfile, cert_dir, tls_verify};
use crate::place::Place;
use crate::session::Session;

pub const COMMAND: Command = Command { name: "login", about: "Log in to a container registry", define, run };

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    command
        .arg(authfile())
        .arg(cert_dir())
        .arg(tls_verify())
        .arg(Arg::new("username").short('u').long("username").value_name("USER").help("User of the registry"))
        .arg(
            Arg::new("password")
                .short('p')
                .long("password")
                .value_name("PASSWORD")
                .help("Password (others can see it in the list of processes)"),
        )
        .arg(flag("password-stdin").help("Take the password from standard input"))
        .arg(flag("get-login").help("Print the user who is logged in, and do nothing else"))
        .arg(flag("verbose").short('v').help("Say where the password is kept"))
        .arg(Arg::new("registry").value_name("REGISTRY").help("Registry (default: the first of registries.conf)"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let conf = Conf::read()?;
    let (key, host) = registry(&conf, matches.get_one("registry"))?;
    let options = Options::from_arguments(matches)?;
    let known = auth::find(&conf, &options, &key)?;
    if matches.get_flag("get-login") {
        let known = known.ok_or_else(|| Error::new(format!("not logged into {key}")).code(code::NOT_LOGGED_IN))?;
        say(out, known.user)?;
        return Ok(0);
    }
    let user = matches.get_one::<String>("username");
    let password = password(matches)?;
    if let (Some(known), None, None) = (&known, user, &password) {
        say(out, format!("Authenticating with existing credentials for {key}"))?;
        if check(&conf, &host, known.clone(), &options)?.is_ok() {
            say(out, format!("Existing credentials are valid. Already logged in to {key}"))?;
            return Ok(0);
        }
        say(out, "Existing credentials are invalid, please enter valid username and password")?;
    }
    let failed = |error| Error::within("getting username and password", error);
    let user = match user {
        Some(user) => user.clone(),
        None => prompt::user(out, known.as_ref().map(|known| known.user.as_str())).map_err(failed)?,
    };
    let password = match password {
        Some(password) => password,
        None => prompt::password(out).map_err(failed)?,
    };
    let credentials = Credentials::new(&user, &password);
    check(&conf, &host, credentials.clone(), &options)?.map_err(|failure| {
        let refused = failure.error.to_string().starts_with("unauthorized")
            || failure.error.to_string().contains("requesting bearer token: unauthorized");
        match refused {
            true => Error::new(format!("logging into {key:?}: invalid username/password")).code(code::UNAUTHORIZED),
            false => Error::within(format!("authenticating creds for {key:?}"), failure.error),
        }
    })?;
    let place = auth::store(&conf, options.authfile.as_deref(), &key, &credentials)?;
    if matches.get_flag("verbose") {
        say(out, format!("Used: {place}"))?;
    }
    say(out, "Login Succeeded!")?;
    Ok(0)
}

/// The password of the command line, or of standard input.
fn password(matches: &ArgMatches) -> Result<Option<String>> {
    let given = matches.get_one::<String>("password");
    if !matches.get_flag("password-stdin") {
        return Ok(given.cloned());
    }
    if given.is_some() {
        return Err(Error::new("can't specify both --password-stdin and --password").code(code::CONFLICT));
    }
    if matches.get_one::<String>("username").is_none() {
        return Err(Error::new("must provide --username with --password-stdin").code(code::WRONG_COUNT));
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(64 << 10).read_to_string(&mut text);
    read.map_err(|error| Error::os("read the password from standard input", error))?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(password.strip_suffix('\r').unwrap_or(password).to_string()))
}

/// Whether the registry takes them; the outer error is that it could not be asked.
fn check(conf: &Conf, host: &str, credentials: Credentials, options: &Options) -> Result<Result<(), Failure>> {
    let place = Place { registry: host.to_string(), path: String::new(), tag: String::new(), digest: None };
    let insecure = conf.is_insecure(host);
    let failed = |error| Error::within(format!("authenticating creds for {host:?}"), error);
    let session = Session::open(&Endpoint { place, insecure }, Some(credentials), options, &());
    Ok(session.map_err(failed)?.check())
}
