//! From the command line to a container: the first of two processes, which is whoever the user is.

use std::ffi::OsString;
use std::path::Path;

use clap::ArgMatches;
use namespaces::clocks::NEWTIME;
use namespaces::itself;
use nix::sched::CloneFlags;
use nix::unistd::geteuid;
use process::{Error, Result, Stdio, code};

use crate::container::BecomeRoot;
use crate::options::{given, given_id};
use crate::plan::{Plan, own_map};
use crate::record::Record;
use crate::store::Store;
use crate::{bundle, delete, globals, inside, join, netdevice, translate};

/// What the caller wants to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// It waits for the word to begin.
    Created,
    /// It has begun.
    Started,
    /// It has ended.
    Ended,
}

/// Makes the container of the command line, and returns its exit status when it is waited for. One that fails leaves
/// nothing.
// ANCHOR: launch
pub(crate) fn launch(matches: &ArgMatches, until: Until) -> Result<u8> {
    let id = given_id(matches);
    let bundle = given(matches, "bundle").unwrap_or(Path::new("."));
    let bundle =
        bundle.canonicalize().map_err(|error| Error::os(format!("open bundle {}", bundle.display()), error))?;
    let (spec, text) = bundle::read(&bundle.join("config.json"))?;
    // An error is told while there is nothing to clean up.
    let plan = Plan::new(id, &spec, &bundle)?;
    check(matches, &plan, until)?;
    if spec.process().is_none() && until != Until::Created {
        return Err(translate::missing("process"));
    }
    let place = Store::open()?.claim(&Record::new(id, &bundle, &spec), &text)?;
    let status = help(matches, plan, until);
    if until == Until::Ended || !matches!(status, Ok(0)) {
        // Somebody may have deleted it meanwhile.
        let _ = place.lock().and_then(|locked| delete::remove(locked, true));
    }
    status
}
// ANCHOR_END: launch

/// Says no to what contradicts itself.
fn check(matches: &ArgMatches, plan: &Plan, until: Until) -> Result<()> {
    match (plan.terminal, given(matches, "console-socket")) {
        (true, None) if until != Until::Ended => Err(Error::new(
            "the container's configuration has a terminal, and there is nobody to use it: --console-socket is missing",
        )
        .code(code::NO_CONSOLE_SOCKET)),
        (false, Some(_)) => {
            Err(Error::new("--console-socket is for a container with a terminal: process.terminal is false")
                .code(code::NO_CONSOLE_SOCKET))
        }
        _ => Ok(()),
    }
}

/// Starts our program again, sealed, as root over mounts of its own: it makes the container.
// ANCHOR: help
fn help(matches: &ArgMatches, plan: Plan, until: Until) -> Result<u8> {
    join::refuse_own_mounts(&plan.joins)?;
    let shares_mounts = plan.shares_mounts();
    // In another user namespace we could not.
    let later = [CloneFlags::CLONE_NEWPID, CloneFlags::CLONE_NEWNS, NEWTIME];
    let here: Vec<_> = plan.joins.into_iter().filter(|join| !later.contains(&join.kind)).collect();
    if let Some(network) = here.iter().find(|join| join.kind == CloneFlags::CLONE_NEWNET) {
        netdevice::give(&plan.net_devices, &network.path)?;
    }
    join::enter(&here)?;
    // Root makes the container's user namespace for its first process only: our files are not those of its ids.
    let (outer, later) = match geteuid().is_root() {
        true => (None, plan.users.is_some()),
        false => (plan.users, false),
    };
    let mut program = itself::program(words(matches, until, later)?);
    if let (Some(uid), Some(env)) = (caller_outside(), &mut program.env) {
        env.push(format!("{}={uid}", itself::ROOTLESS_UID).into());
    }
    let keeps = descriptors(matches);
    let terminal = plan.terminal && given(matches, "console-socket").is_none();
    let stdio = Stdio { terminal, interactive: true };
    let root = BecomeRoot(outer.is_some());
    join::outer(outer, !shares_mounts)
        .with(&program, &root, |start| stdio.run_through(&process::Start { keeps, ..*start }))
}
// ANCHOR_END: help

fn words(matches: &ArgMatches, until: Until, users: bool) -> Result<Vec<OsString>> {
    let mut words: Vec<OsString> = vec!["runtime".into()];
    words.extend(globals::get().words()?);
    words.push(inside::CONTAINER.name.into());
    for name in ["pid-file", "console-socket"] {
        if let Some(path) = given(matches, name) {
            words.extend([format!("--{name}").into(), path.into()]);
        }
    }
    words.extend(["--preserve-fds".into(), descriptors(matches).to_string().into()]);
    words.extend(match until {
        Until::Created => Some("--hold".into()),
        Until::Started => Some("--detach".into()),
        Until::Ended => None,
    });
    words.extend(users.then(|| "--users".into()));
    words.extend(matches.get_flag("no-pivot").then(|| "--no-pivot".into()));
    words.push(given_id(matches).into());
    Ok(words)
}

/// How many the container keeps: those that were asked for, and those of sockets that were opened for it (sd_listen_fds(3)).
fn descriptors(matches: &ArgMatches) -> u32 {
    let sockets = std::env::var("LISTEN_FDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    matches.get_one::<u32>("preserve-fds").copied().unwrap_or(0) + sockets
}

/// Who is root of our user namespace outside, when an engine has made that.
fn caller_outside() -> Option<u32> {
    if !geteuid().is_root() || itself::caller() != 0 {
        return None;
    }
    let map = own_map()?;
    let mut words = map.split_whitespace();
    let (inside, outside) = (words.next()?, words.next()?.parse().ok()?);
    (inside == "0" && outside != 0).then_some(outside)
}
