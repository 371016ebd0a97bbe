//! What the flags of `exec` say of the process.

use std::collections::HashSet;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use oci_spec::runtime::{Capability, Process};
use process::{Error, Result, code};

use crate::options::{flag, path};

/// Adds them.
pub(crate) fn define(command: clap::Command) -> clap::Command {
    let list = |name: &'static str, word: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(word).action(ArgAction::Append).help(help)
    };
    command
        .arg(flag("tty", "Give it a terminal of its own").short('t'))
        .arg(list("env", "NAME=VALUE", "Set an environment variable").short('e'))
        .arg(Arg::new("user").short('u').long("user").value_name("UID[:GID]").help("Who it is"))
        .arg(list("additional-gids", "GID", "Further groups").short('g').value_parser(value_parser!(u32)))
        .arg(path("cwd", "DIR", "The directory to start in"))
        .arg(list("cap", "NAME", "A capability more").short('c'))
        .arg(flag("no-new-privs", "Setuid programs have no effect for it"))
        .arg(Arg::new("process-label").long("process-label").value_name("LABEL").help("What SELinux calls it"))
        .arg(Arg::new("apparmor").long("apparmor").value_name("PROFILE").help("What AppArmor confines it by"))
}

/// Changes what they name.
///
/// # Errors
/// A user or a capability that is none.
pub(crate) fn apply(matches: &ArgMatches, mut process: Process) -> Result<Process> {
    let words: Vec<String> = matches.get_many::<String>("command").into_iter().flatten().cloned().collect();
    if !words.is_empty() {
        process.set_args(Some(words));
    }
    if matches.get_flag("tty") {
        process.set_terminal(Some(true));
    }
    let env: Vec<String> = matches.get_many::<String>("env").into_iter().flatten().cloned().collect();
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let mut all = process.env().clone().unwrap_or_default();
    all.retain(|known| env.iter().all(|pair| name(pair) != name(known)));
    all.extend(env);
    process.set_env(Some(all));
    let mut user = process.user().clone();
    if let Some(text) = matches.get_one::<String>("user") {
        let wanted = confinement::User::parse(text)?;
        user.set_uid(wanted.uid).set_gid(wanted.gid);
    }
    if let Some(groups) = matches.get_many::<u32>("additional-gids") {
        user.set_additional_gids(Some(groups.copied().collect()));
    }
    process.set_user(user);
    if let Some(cwd) = matches.get_one::<std::path::PathBuf>("cwd") {
        process.set_cwd(cwd.clone());
    }
    for text in matches.get_many::<String>("cap").into_iter().flatten() {
        capability(&mut process, text)?;
    }
    if matches.get_flag("no-new-privs") {
        process.set_no_new_privileges(Some(true));
    }
    if let Some(label) = matches.get_one::<String>("process-label") {
        process.set_selinux_label(Some(label.clone()));
    }
    if let Some(profile) = matches.get_one::<String>("apparmor") {
        process.set_apparmor_profile(Some(profile.clone()));
    }
    Ok(process)
}

/// In all of its sets but the one that another user than root needs for it.
fn capability(process: &mut Process, text: &str) -> Result<()> {
    let bare = text.to_ascii_uppercase();
    let bare = bare.strip_prefix("CAP_").unwrap_or(&bare).to_owned();
    let one: Capability =
        bare.parse().map_err(|_| Error::new(format!("unknown capability {text:?}")).code(code::BAD_CAPABILITY))?;
    let mut sets = process.capabilities().clone().unwrap_or_else(|| {
        let mut none = oci_spec::runtime::LinuxCapabilities::default();
        none.set_bounding(None).set_effective(None).set_inheritable(None).set_permitted(None).set_ambient(None);
        none
    });
    let with = |set: &Option<HashSet<Capability>>| {
        let mut set = set.clone().unwrap_or_default();
        set.insert(one);
        Some(set)
    };
    let (bounding, effective, permitted) = (with(sets.bounding()), with(sets.effective()), with(sets.permitted()));
    sets.set_bounding(bounding).set_effective(effective).set_permitted(permitted);
    process.set_capabilities(Some(sets));
    Ok(())
}
