//! The command line of `create` and `run`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf, absolute};

use cgroups::Limits;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use namespaces::UserMap;
use network::Network;
use nix::unistd::{getegid, geteuid};
use process::{Error, Result, Stdio, code};
use registry::Policy;

use crate::environment;
use crate::names;
use crate::options::{LogDriver, LogOptions, Notify, Options};
use crate::restart::Restart;
use crate::spaces::Spaces;

/// Adds the flags of `create` and `run`.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    let value = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let list = |name, word, help| value(name, word, help).action(ArgAction::Append);
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let path = |name, help| value(name, "FILE", help).value_parser(value_parser!(PathBuf));
    let command = namespaces::run::hostname(images::root_argument(command));
    let command = Spaces::arguments(command);
    let command = network::arguments(cgroups::arguments(confinement::run::confinement(command)));
    let command = registry::quiet_argument(registry::arguments(rootfs::run::device(rootfs::run::read_only(command))));
    Stdio::arguments(command)
        .arg(flag("rm", "Remove the container when it ends"))
        .arg(flag("replace", "Remove a container that has the name already"))
        .arg(value("name", "NAME", "The container's name").value_parser(name_or_none))
        .arg(list("env", "NAME=VALUE", "Set an environment variable; without a value, pass the caller's").short('e'))
        .arg(list("env-file", "FILE", "Set the variables in FILE, one a line"))
        .arg(flag("env-host", "Pass all variables of the caller"))
        .arg(list("volume", "SOURCE:PATH[:OPTIONS]", "Show a directory of the host, or a volume, at PATH").short('v'))
        .arg(list("mount", "type=TYPE,...", "Mount something: bind, volume, tmpfs, image, devpts, glob"))
        .arg(list("tmpfs", "PATH[:OPTIONS]", "Mount an empty file system in memory at PATH"))
        .arg(value("shm-size", "SIZE", "The size of /dev/shm: bytes, or with a unit as in 64m"))
        .arg(
            value("read-only-tmpfs", "BOOL", "With --read-only, /run, /tmp and /var/tmp in memory can be written to")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .default_value("true")
                .value_parser(value_parser!(bool)),
        )
        .arg(flag("explain", "Tell, at its start, what is done to make it, and which chapter of the book is about it"))
        .arg(flag("init", "Run an init as process 1, which passes signals on and reaps"))
        .arg(path("init-path", "A static program of the host to be that init, instead of podling's own"))
        .arg(flag("privileged", "Take most walls away: all capabilities, devices and system calls that the user has"))
        .arg(value("userns", "MODE", "Its user namespace: host (the user's), keep-id[:uid=UID,gid=GID], nomap, auto[:size=N], container:NAME, ns:PATH"))
        .arg(list("uidmap", "INSIDE:OUTSIDE:COUNT", "User ids of its own, out of the user's (0 is the user)"))
        .arg(list("gidmap", "INSIDE:OUTSIDE:COUNT", "Group ids of its own"))
        .arg(value("workdir", "DIR", "The directory to start in").short('w'))
        .arg(value("user", "USER[:GROUP]", "The user, by name or number").short('u'))
        .arg(list("group-add", "GROUP", "A further group of the user; keep-groups: those of the caller"))
        .arg(value("entrypoint", "COMMAND", "The program, instead of the image's: a path, or a JSON list"))
        .arg(list("label", "NAME=VALUE", "Set a label").short('l'))
        .arg(list("annotation", "NAME=VALUE", "Set an annotation"))
        .arg(value("restart", "POLICY", "What happens when it ends: no, always, unless-stopped, on-failure[:TIMES]"))
        .arg(value("stop-signal", "SIGNAL", "The signal that `stop` sends"))
        .arg(value("stop-timeout", "SECONDS", "How long `stop` waits before it kills").value_parser(value_parser!(u64)))
        .arg(value("log-driver", "NAME", "What is kept of its output: k8s-file, journald, none"))
        .arg(list("log-opt", "NAME=VALUE", "path=FILE, max-size=SIZE, tag=TAG"))
        .arg(value("sdnotify", "MODE", "Who tells systemd that it is ready").value_parser([
            "container",
            "conmon",
            "ignore",
        ]))
        .arg(path("cidfile", "Write the container's id to FILE"))
        .arg(path("pidfile", "Write the process id of its first process to FILE, at each start"))
        .arg(path("conmon-pidfile", "Write the process id of its monitor to FILE, at each start"))
        .arg(
            value("pull", "POLICY", "When to pull the image: always, missing, never, newer")
                .value_parser(Policy::parse),
        )
        .arg(
            Arg::new("image")
                .value_names(["IMAGE", "COMMAND"])
                .help("The image, and a command instead of the image's")
                .required(true)
                .num_args(1..)
                .trailing_var_arg(true),
        )
        // What follows a flag that has a value is its value, also when it begins with a dash.
        .mut_args(|arg| match arg.get_action().takes_values() && !arg.is_positional() {
            true => arg.allow_hyphen_values(true),
            false => arg,
        })
}

/// A name; an empty one is none.
fn name_or_none(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { names::check(text) }
}

/// What is not the container's, but how it is made.
#[derive(Debug, Clone, Default)]
pub struct Making {
    /// `--replace`.
    pub replace: bool,
    /// `--cidfile`.
    pub cidfile: Option<PathBuf>,
    /// `--pull`.
    pub pull: Policy,
    /// How to reach registries.
    pub registry: registry::Options,
}

impl Making {
    /// Reads it.
    ///
    /// # Errors
    /// When the options for registries cannot be read.
    pub fn from_arguments(matches: &ArgMatches) -> Result<Making> {
        Ok(Making {
            replace: matches.get_flag("replace"),
            cidfile: matches.get_one("cidfile").cloned(),
            pull: matches.get_one("pull").copied().unwrap_or_default(),
            registry: registry::Options::from_arguments(matches)?,
        })
    }
}

impl Options {
    /// Reads them.
    ///
    /// # Errors
    /// When one cannot be.
    pub fn from_arguments(matches: &ArgMatches) -> Result<Options> {
        let one = |name: &str| matches.get_one::<String>(name).cloned();
        let many = |name: &str| matches.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<_>>();
        // A script's `--name "$NAME"` without one says nothing.
        let said = |text: &String| !text.is_empty();
        let mut words = many("image").into_iter();
        let stdio = Stdio::from_arguments(matches);
        let options = Options {
            image: words.next().unwrap_or_default(),
            command: words.collect(),
            entrypoint: one("entrypoint").map(|text| entrypoint(&text)),
            env: environment::asked(matches.get_flag("env-host"), &many("env-file"), &many("env"))?,
            workdir: one("workdir"),
            user: one("user"),
            groups: many("group-add"),
            hostname: one("hostname").filter(said),
            name: one("name").filter(said),
            volumes: many("volume").iter().map(|text| host_path(text)).collect::<Result<_>>()?,
            mounts: many("mount").iter().map(|text| rootfs::volume::given(text)).collect::<Result<Vec<_>>>()?.concat(),
            tmpfs: many("tmpfs"),
            network: Network::from_arguments(matches)?,
            limits: Limits::from_arguments(matches)?,
            cgroups: cgroups::Placement::from_arguments(matches)?,
            labels: labels(&many("label")),
            annotations: annotations(&many("annotation"), matches.get_one("cidfile"))?,
            remove: matches.get_flag("rm"),
            terminal: stdio.terminal,
            interactive: stdio.interactive,
            restart: one("restart").map_or(Ok(Restart::No), |text| Restart::parse(&text))?,
            stop_signal: one("stop-signal"),
            stop_timeout: matches.get_one("stop-timeout").copied(),
            log: log(one("log-driver"), &many("log-opt"))?,
            cap_add: many("cap-add"),
            cap_drop: many("cap-drop"),
            security: many("security-opt").iter().map(|text| security(text)).collect::<Result<_>>()?,
            ulimits: many("ulimit"),
            read_only: rootfs::run::is_read_only(matches),
            no_tmpfs: matches.get_one::<bool>("read-only-tmpfs") == Some(&false),
            devices: many("device"),
            sysctls: many("sysctl"),
            shm_size: one("shm-size").map(|text| shm_size(&text)).transpose()?,
            init: matches.get_flag("init"),
            users: users(matches)?,
            spaces: Spaces::from_arguments(matches)?,
            explain: matches.get_flag("explain"),
            init_path: absolute_path(matches, "init-path")?,
            privileged: matches.get_flag("privileged"),
            sdnotify: match one("sdnotify").as_deref() {
                Some("conmon") => Notify::Conmon,
                Some("ignore") => Notify::Ignore,
                _ => Notify::Container,
            },
            pidfile: absolute_path(matches, "pidfile")?,
            monitor_pidfile: absolute_path(matches, "conmon-pidfile")?,
            runtime: None,
            create_command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        };
        options.check()?;
        Ok(options)
    }
}

/// The flags, or Podman's variable.
fn users(matches: &ArgMatches) -> Result<UserMap> {
    let many = |name: &str| matches.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<_>>();
    let (uids, gids) = (many("uidmap"), many("gidmap"));
    let given = !uids.is_empty() || !gids.is_empty();
    let variable = std::env::var("PODMAN_USERNS").ok().filter(|mode| !given && !mode.is_empty());
    let mode = matches.get_one::<String>("userns").cloned().or(variable);
    let caller = (geteuid().as_raw(), getegid().as_raw());
    UserMap::parse(mode.as_deref(), (&uids, &gids), caller, !geteuid().is_root())
}

fn shm_size(text: &str) -> Result<u64> {
    cgroups::parse_size(text)
        .map_err(|error| Error::because(format!("invalid --shm-size {text:?}"), error).code(code::BAD_VALUE))
}

/// `NAME=VALUE`, or `NAME` for an empty value.
fn pairs(texts: &[String]) -> BTreeMap<String, String> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        (name.to_string(), value.to_string())
    };
    texts.iter().map(pair).collect()
}

/// The user's, and which of systemd's services this is: `auto-update` restarts it by that.
fn labels(texts: &[String]) -> BTreeMap<String, String> {
    const UNIT: &str = "PODMAN_SYSTEMD_UNIT";
    let unit = std::env::var(UNIT).ok().map(|unit| (UNIT.to_string(), unit));
    unit.into_iter().chain(pairs(texts)).collect()
}

/// The user's, and where the id was written: who removes the container removes that file too, else the next start of a
/// service would find it.
fn annotations(texts: &[String], cidfile: Option<&PathBuf>) -> Result<BTreeMap<String, String>> {
    let mut annotations = pairs(texts);
    if let Some(path) = cidfile {
        let path = absolute(path).map_err(|error| Error::os(format!("look where {} is", path.display()), error))?;
        annotations.insert(crate::options::CID_FILE.into(), path.to_string_lossy().into_owned());
    }
    Ok(annotations)
}

/// Where the caller is now does not matter later.
fn host_path(text: &str) -> Result<String> {
    let absolute = |path: &str| {
        let path = absolute(Path::new(path)).map_err(|error| Error::os(format!("look where {path} is"), error))?;
        Ok(path.display().to_string())
    };
    let word = |word: &str| match word.split_once('=') {
        Some((name @ ("upperdir" | "workdir"), path)) => Ok(format!("{name}={}", absolute(path)?)),
        _ => Ok(word.to_string()),
    };
    let mut parts: Vec<String> = text.splitn(3, ':').map(str::to_string).collect();
    if parts.len() > 1 && parts[0].starts_with('.') {
        parts[0] = absolute(&parts[0])?;
    }
    if let Some(words) = parts.get_mut(2) {
        *words = words.split(',').map(word).collect::<Result<Vec<_>>>()?.join(",");
    }
    Ok(parts.join(":"))
}

/// With the path of a seccomp profile made absolute.
fn security(text: &str) -> Result<String> {
    let Some(path) = text.strip_prefix("seccomp=").filter(|path| !path.is_empty() && *path != "unconfined") else {
        return Ok(text.to_string());
    };
    let path = absolute(path).map_err(|error| Error::os(format!("look where {path} is"), error))?;
    Ok(format!("seccomp={}", path.display()))
}

fn absolute_path(matches: &ArgMatches, name: &str) -> Result<Option<PathBuf>> {
    let Some(path) = matches.get_one::<PathBuf>(name) else { return Ok(None) };
    absolute(path).map(Some).map_err(|error| Error::os(format!("look where {} is", path.display()), error))
}

fn log(driver: Option<String>, options: &[String]) -> Result<LogOptions> {
    let mut log = LogOptions { driver: default_driver(driver)?, ..LogOptions::default() };
    for option in options {
        match option.split_once('=') {
            Some(("path", path)) => {
                let path = absolute(path).map_err(|error| Error::os(format!("look where {path} is"), error))?;
                log.path = Some(path.to_string_lossy().into_owned());
            }
            Some(("max-size", size)) => {
                log.max_size = cgroups::parse_size(size)
                    .map_err(|error| Error::because("invalid max-size", error).code(code::BAD_VALUE))?;
            }
            Some(("tag", tag)) => log.tag = Some(tag.to_string()),
            _ => {
                return Err(Error::new(format!("invalid log option {option:?}: not path, max-size or tag"))
                    .code(code::BAD_VALUE));
            }
        }
    }
    Ok(log)
}

/// A service's output belongs into its journal, beside what systemd says of it; else there is a file.
fn default_driver(named: Option<String>) -> Result<LogDriver> {
    if let Some(name) = named {
        return LogDriver::parse(&name);
    }
    let service = std::env::var_os("INVOCATION_ID").is_some() && std::env::var_os("JOURNAL_STREAM").is_some();
    Ok(if service { LogDriver::Journald } else { LogDriver::K8sFile })
}

/// A JSON list of strings, or else one program; an empty one takes the image's away.
fn entrypoint(text: &str) -> Vec<String> {
    match serde_json::from_str(text) {
        Ok(list) => list,
        Err(_) if text.is_empty() => Vec::new(),
        Err(_) => vec![text.to_string()],
    }
}
