//! Which containers a verb means.

use std::io::Write;

use clap::{Arg, ArgAction, ArgMatches};
use process::{Error, Result, code};

use crate::{Engine, Record};

/// Adds `CONTAINER...`, `--all`, `--latest`, `--cidfile`, `--ignore`; `all` is what `--all` means.
pub(crate) fn arguments(command: clap::Command, all: &'static str) -> clap::Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    images::root_argument(command)
        .arg(Arg::new("names").value_name("CONTAINER").num_args(0..).help("Names or ids"))
        .arg(flag("all", all).short('a'))
        .arg(flag("latest", "The container that was created last").short('l'))
        .arg(flag("ignore", "No error when there is no such container").short('i'))
        .arg(
            Arg::new("cidfile")
                .long("cidfile")
                .value_name("FILE")
                .action(ArgAction::Append)
                .help("The container whose id is in FILE"),
        )
}

/// Those that were asked for, with the word that each was called by; `wanted` chooses among all.
///
/// # Errors
/// When one of them is not there, unless `--ignore`.
pub(crate) fn select(engine: &Engine, matches: &ArgMatches, wanted: impl Fn(&Record) -> bool) -> Result<Vec<Asked>> {
    let mut words: Vec<String> = matches.get_many::<String>("names").into_iter().flatten().cloned().collect();
    // Who forces has what he wants when there is nothing: so it is in Podman since 4.3.
    let force = matches.try_get_one::<bool>("force").ok().flatten().copied().unwrap_or(false);
    let ignore = matches.get_flag("ignore") || force;
    for file in matches.get_many::<String>("cidfile").into_iter().flatten() {
        match std::fs::read_to_string(file) {
            Ok(text) => words.push(text.trim().to_string()),
            Err(error) if ignore && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::os(format!("reading CIDFile {file}"), error)),
        }
    }
    let given = matches.contains_id("cidfile") && matches.get_many::<String>("cidfile").is_some();
    if matches.get_flag("latest") {
        let latest = engine.list()?.into_iter().next();
        let latest =
            latest.ok_or_else(|| Error::new("no containers found: no such container").code(code::NO_CONTAINER))?;
        words.push(latest.id);
    }
    if matches.get_flag("all") {
        let all = engine.list()?.into_iter().filter(wanted);
        return Ok(all.map(|record| Asked { word: record.id.clone(), found: Ok(record) }).collect());
    }
    if words.is_empty() && !given {
        return Err(Error::new("you must provide at least one name or id").code(code::WRONG_COUNT));
    }
    let found = words.into_iter().map(|word| Asked { found: engine.find(&word), word });
    Ok(found.filter(|asked| !ignore || asked.found.is_ok()).collect())
}

/// A container, and how it was called.
pub(crate) struct Asked {
    pub word: String,
    pub found: Result<Record>,
}

/// Does something to each, prints the word of each that it was done to, and goes on after an error. The status is that
/// of the last error; all but that one are printed.
pub(crate) fn each(asked: Vec<Asked>, out: &mut dyn Write, mut verb: impl FnMut(&Record) -> Result<()>) -> Result<u8> {
    let mut last: Option<Error> = None;
    for Asked { word, found } in asked {
        match found.and_then(|record| verb(&record)) {
            Ok(()) => writeln!(out, "{word}").map_err(|error| Error::os("write to standard output", error))?,
            Err(error) => {
                if let Some(before) = last.replace(error) {
                    process::command::report(&before);
                }
            }
        }
    }
    last.map_or(Ok(0), Err)
}
