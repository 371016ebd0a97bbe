//! The flags before the verb. Podman has many; what podling lets through without heeding it is true of it anyway, and
//! what would not be true is refused by name.

use std::fs::File;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::command::Frame;
use process::{Error, Result, code};

use crate::podman;

/// podling's frame.
pub struct Podling;

/// A flag that needs no heeding: its name, its value (none for a switch), the values that are true of podling
/// (empty for any), and what it is.
struct Fixed(&'static str, &'static str, &'static [&'static str], &'static str);

const LEVELS: &[&str] = &["trace", "debug", "info", "warn", "warning", "error", "fatal", "panic"];

// ANCHOR: fixed
const FIXED: &[Fixed] = &[
    // Errors are printed, and nothing else is logged.
    Fixed("log-level", "LEVEL", LEVELS, "Log messages above this level; podling logs nothing"),
    Fixed("syslog", "", &[], "Log to syslog as well"),
    Fixed("cgroup-manager", "MANAGER", &["cgroupfs"], "How cgroups are made: cgroupfs"),
    Fixed("storage-driver", "DRIVER", &["overlay"], "How layers are stacked: overlay"),
    Fixed("events-backend", "BACKEND", &["file"], "Where events are written: file"),
    // Without a remote service nobody asks how to reach one.
    Fixed("ssh", "MODE", &["golang", "native"], ""),
    // Podman's own words: a no-op, for scripts.
    Fixed("context", "NAME", &[], ""),
    Fixed("debug", "", &[], ""),
];
// ANCHOR_END: fixed

/// Podman's, and not there yet: the name, and whether it has a value.
const ABSENT: &[(&str, bool)] = &[
    ("cdi-spec-dir", true),
    ("config", true),
    ("conmon", true),
    ("connection", true),
    ("cpu-profile", true),
    ("default-mounts-file", true),
    ("hooks-dir", true),
    ("host", true),
    ("identity", true),
    ("imagestore", true),
    ("max-workers", true),
    ("memory-profile", true),
    ("module", true),
    ("namespace", true),
    ("network-backend", true),
    ("network-cmd-path", true),
    ("network-config-dir", true),
    ("pull-option", true),
    ("registries-conf", true),
    ("remote", false),
    ("runroot", true),
    ("runtime-flag", true),
    ("storage-opt", true),
    ("tls-ca", true),
    ("tls-cert", true),
    ("tls-details", true),
    ("tls-key", true),
    ("tmpdir", true),
    ("trace", false),
    ("transient-store", false),
    ("url", true),
    ("volumepath", true),
];

/// Go's letters for them.
const LETTERS: &[(&str, char)] = &[("connection", 'c'), ("debug", 'D'), ("host", 'H'), ("remote", 'r')];

impl Podling {
    /// Adds the flags that are there, without those that are only known by name.
    pub fn shown(&self, app: clap::Command) -> clap::Command {
        let path = |name: &'static str, help: &'static str| {
            Arg::new(name).long(name).value_name("PATH").value_parser(value_parser!(PathBuf)).help(help)
        };
        let version = Arg::new("version").short('v').long("version").action(ArgAction::Version);
        let mut app = app
            .version(concat!("version ", env!("CARGO_PKG_VERSION")))
            .disable_version_flag(true)
            .args_override_self(true)
            .arg(path("root", "Keep images, containers and volumes in this directory"))
            .arg(
                Arg::new("runtime")
                    .long("runtime")
                    .value_name("NAME")
                    .help("Let another OCI runtime make containers, by name or path"),
            )
            .arg(path("out", "Write what would be printed to this file"))
            .arg(switch("noout").help("Print nothing"))
            .arg(version.help("Print the version"));
        for Fixed(name, value, values, help) in FIXED {
            let arg = if value.is_empty() { switch(name) } else { Arg::new(*name).long(*name).value_name(*value) };
            let arg = if values.is_empty() {
                arg
            } else {
                arg.value_parser(values.to_vec()).hide_possible_values(values.len() == 1)
            };
            app = app.arg(letter(arg, name).help(*help).hide(help.is_empty()));
        }
        app
    }
}

impl Frame for Podling {
    fn define(&self, app: clap::Command) -> clap::Command {
        let mut app = self.shown(app);
        for (name, value) in ABSENT {
            let arg = if *value { Arg::new(*name).long(*name).action(ArgAction::Append) } else { switch(name) };
            app = app.arg(letter(arg, name).hide(true));
        }
        app
    }

    fn heed(&self, matches: &ArgMatches) -> Result<()> {
        let known = |name: &str| matches.try_contains_id(name).is_ok_and(|given| given);
        if let Some((name, _)) = ABSENT.iter().find(|(name, _)| known(name)) {
            return Err(Error::new(format!("podling --{name}: not there yet (Podman has it)"))
                .code(code::NOT_THERE_YET)
                .hint("`podling --help` lists the flags before the verb that are there"));
        }
        if let Some(root) = matches.try_get_one::<PathBuf>("root").ok().flatten() {
            images::set_default_root(std::path::absolute(root).map_err(|error| Error::os("find --root", error))?);
        }
        if let Some(runtime) = matches.try_get_one::<String>("runtime").ok().flatten() {
            engine::set_runtime(runtime);
        }
        // Standard output itself: what is printed by a container and by a child of ours goes there too.
        let out = match known("out") {
            true => matches.get_one::<PathBuf>("out").cloned(),
            false => (known("noout") && matches.get_one("noout") == Some(&true)).then(|| "/dev/null".into()),
        };
        let Some(out) = out else { return Ok(()) };
        let opened = File::create(&out).map_err(|error| Error::os(format!("open {}", out.display()), error))?;
        rustix::stdio::dup2_stdout(opened).map_err(|error| Error::os("redirect standard output", error))
    }

    fn unknown(&self, asked: &[&str], rest: &[&str]) -> Option<Error> {
        let (asked, flag) = (asked.get(1..)?, rest.first()?.trim_start_matches('-'));
        let before = FIXED.iter().map(|fixed| fixed.0).chain(ABSENT.iter().map(|(name, _)| *name));
        if let Some(error) = podman::lacking(asked, rest) {
            return Some(error);
        }
        let misplaced = rest[0].starts_with("--") && before.chain(["out", "noout", "runtime"]).any(|name| name == flag);
        misplaced.then(|| {
            let verb = asked.join(" ");
            Error::new(format!("unknown flag: --{flag}"))
                .code(code::UNKNOWN_FLAG)
                .hint(format!("it stands before the verb: podling --{flag} ... {verb}"))
        })
    }
}

/// A switch as Go's: `--name`, `--name=true`, `--name=false`.
fn switch(name: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).value_name("BOOL").num_args(0..=1).require_equals(true);
    arg.default_missing_value("true").value_parser(value_parser!(bool)).hide_possible_values(true)
}

fn letter(arg: Arg, name: &str) -> Arg {
    match LETTERS.iter().find(|(long, _)| *long == name) {
        Some((_, letter)) => arg.short(*letter),
        None => arg,
    }
}
