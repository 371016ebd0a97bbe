//! The flags before the verb, as crun and runc have them.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use nix::errno::Errno;
use nix::unistd::geteuid;
use process::command::Frame;
use process::error::EXIT_NOT_FOUND;
use process::{Error, Result, code};
use serde_json::json;

use crate::clock;

/// What they said.
#[derive(Debug, Default)]
pub(crate) struct Globals {
    root: Option<PathBuf>,
    log: Option<PathBuf>,
    /// Open from the beginning: later the path may be another one's.
    file: Option<File>,
    json: bool,
    debug: bool,
    /// Cgroups are asked of systemd.
    pub systemd_cgroup: bool,
}

static GLOBALS: OnceLock<Globals> = OnceLock::new();

/// What they said; nothing when there were none.
pub(crate) fn get() -> &'static Globals {
    GLOBALS.get_or_init(Globals::default)
}

/// They stand around the verbs.
pub struct Flags;

impl Frame for Flags {
    fn define(&self, app: clap::Command) -> clap::Command {
        let path = |name: &'static str, word: &'static str, help: &'static str| {
            Arg::new(name).long(name).value_name(word).value_parser(value_parser!(PathBuf)).help(help)
        };
        let flag =
            |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
        app.args_override_self(true)
            .arg(path("root", "DIR", "Where the state of containers is kept"))
            .arg(path("log", "FILE", "Write errors there as well"))
            .arg(
                Arg::new("log-format")
                    .long("log-format")
                    .value_name("FORMAT")
                    .value_parser(["text", "json"])
                    .default_value("text")
                    .help("How"),
            )
            .arg(flag("systemd-cgroup", "Take linux.cgroupsPath as SLICE:PREFIX:NAME, and ask systemd for it"))
            .arg(flag("debug", "Tell more"))
            .arg(
                Arg::new("rootless")
                    .long("rootless")
                    .value_name("BOOL")
                    .value_parser(["true", "false", "auto"])
                    .num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("true")
                    .help("Accepted: we see ourselves who we are"),
            )
    }

    fn heed(&self, matches: &ArgMatches) -> Result<()> {
        // A command line that begins with its verb has none of them defined.
        let path = |name| matches.try_get_one::<PathBuf>(name).ok().flatten().cloned();
        let has = |name| matches.try_get_one::<bool>(name).ok().flatten().copied().unwrap_or(false);
        let format = matches.try_get_one::<String>("log-format").ok().flatten();
        let json = format.is_some_and(|format| format == "json");
        let log = path("log");
        let open = |path: &PathBuf| {
            let file = OpenOptions::new().append(true).create(true).open(path);
            file.map_err(|error| Error::os(format!("open the log {}", path.display()), error))
        };
        let file = log.as_ref().map(open).transpose()?;
        let (debug, systemd_cgroup) = (has("debug"), has("systemd-cgroup"));
        let _ = GLOBALS.set(Globals { root: path("root"), file, log, json, debug, systemd_cgroup });
        Ok(())
    }
}

impl Globals {
    /// Where the state of containers is kept: `--root`, else below the user's run directory, else root's.
    pub(crate) fn root(&self) -> Result<PathBuf> {
        if let Some(root) = &self.root {
            return std::path::absolute(root).map_err(|error| Error::os(format!("find {}", root.display()), error));
        }
        let run = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        match run {
            Some(run) => Ok(run.join("podling-runtime")),
            None if geteuid().is_root() => Ok("/run/podling-runtime".into()),
            None => Err(Error::new("there is no directory for the state of containers")
                .code(code::NO_RUNTIME_DIRECTORY)
                .hint("set XDG_RUNTIME_DIR, as a log-in does, or give --root DIR")),
        }
    }

    /// The words that another process of ours has to be told.
    pub(crate) fn words(&self) -> Result<Vec<std::ffi::OsString>> {
        let mut words = vec!["--root".into(), self.root()?.into()];
        if let Some(log) = &self.log {
            words.extend(["--log".into(), log.into()]);
        }
        if self.json {
            words.extend(["--log-format".into(), "json".into()]);
        }
        if self.debug {
            words.push("--debug".into());
        }
        if self.systemd_cgroup {
            words.push("--systemd-cgroup".into());
        }
        Ok(words)
    }
}

/// Writes an error to the log, where whoever called us looks for it, and hands it on.
pub(crate) fn logged<T>(result: Result<T>) -> Result<T> {
    let result = result.map_err(recognized);
    if let (Err(error), Some(log)) = (&result, &get().file)
        && !error.is_silent()
    {
        note(log, "error", &error.to_string());
    }
    result
}

/// An engine tells a program that is missing, a mistake of a person's, by the kernel's words for it.
// ANCHOR: recognized
fn recognized(error: Error) -> Error {
    let words = error.to_string();
    if error.status() != EXIT_NOT_FOUND || words.contains(Errno::ENOENT.desc()) {
        return error;
    }
    Error::os(words, Errno::ENOENT).exit(EXIT_NOT_FOUND).code(error.known_code())
}

/// The kernel's words as the language has them that engines are written in: one of them looks for no others.
fn small(words: &str) -> String {
    let answers = [Errno::ENOENT, Errno::EACCES, Errno::ENOTDIR, Errno::EPERM];
    answers
        .iter()
        .fold(words.into(), |words: String, errno| words.replace(errno.desc(), &errno.desc().to_ascii_lowercase()))
}
// ANCHOR_END: recognized

/// Tells what does not end the work.
pub(crate) fn warn(words: &str) {
    match &get().file {
        Some(log) => note(log, "warning", words),
        None => eprintln!("Warning: {words}"),
    }
}

/// Tells what nobody asks for who does not look for a fault.
pub(crate) fn debug(words: &str) {
    match &get().file {
        _ if !get().debug => {}
        Some(log) => note(log, "debug", words),
        None => eprintln!("Debug: {words}"),
    }
}

/// A log that cannot be written to is not worth another error.
fn note(mut log: &File, level: &str, words: &str) {
    let (time, words) = (clock::now(), small(words));
    let line = match get().json {
        true => json!({ "level": level, "msg": words, "time": time }).to_string(),
        false => format!("time={time:?} level={level} msg={words:?}"),
    };
    let _ = writeln!(log, "{line}");
}
