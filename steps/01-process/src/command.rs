//! A command of the command line, as data.

use std::error::Error as _;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::EXIT_ENGINE;
use crate::{Error, Result};

// ANCHOR: command
/// One verb: its name, its flags, and what it does. A step exports its verbs as a list of these; the binary of
/// step N registers those of the steps up to N, and a later verb of the same name replaces an earlier one.
#[derive(Clone, Copy)]
pub struct Command {
    /// The verb.
    pub name: &'static str,
    /// One line for `--help`; a verb without one is not shown, it is for ourselves.
    pub about: &'static str,
    /// Adds flags and arguments; called only when the verb is used.
    pub define: fn(clap::Command) -> clap::Command,
    /// Does it: writes what a person or a pipe asked for to the writer, and returns the exit status.
    pub run: fn(&ArgMatches, &mut dyn Write) -> Result<u8>,
}
// ANCHOR_END: command

/// The `main` of every step: parses the command line, runs the verb, prints an error the way Podman does.
pub fn main(program: &'static str, about: &'static str, commands: &[&[Command]]) -> ExitCode {
    ExitCode::from(dispatch(definition(program, about, commands), commands, std::env::args_os()))
}

/// The whole command line, lazily: the flags of a verb are defined when it is used.
#[must_use]
pub fn definition(program: &'static str, about: &'static str, commands: &[&[Command]]) -> clap::Command {
    let mut app = clap::Command::new(program)
        .about(about)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true);
    for command in resolve(commands) {
        let verb = clap::Command::new(command.name).about(command.about).hide(command.about.is_empty());
        // The later of two equal flags counts, as everywhere.
        let verb = verb.args_override_self(true);
        app = app.subcommand(verb.defer(command.define));
    }
    app
}

/// The last command of each name, in the order of the first.
fn resolve(commands: &[&[Command]]) -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    for command in commands.iter().copied().flatten() {
        match found.iter_mut().find(|known| known.name == command.name) {
            Some(known) => *known = *command,
            None => found.push(*command),
        }
    }
    found
}

/// Parses `args` by `app`, runs the verb among `commands`, and returns the exit status.
pub fn dispatch(app: clap::Command, commands: &[&[Command]], args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let mut asked = app.get_name().to_string();
    if let Some(verb) = args.get(1).and_then(|word| word.to_str()).filter(|word| app.find_subcommand(word).is_some()) {
        asked = format!("{asked} {verb}");
    }
    let matches = match app.try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return usage(&asked, &error),
    };
    let Some((name, sub)) = matches.subcommand() else { return EXIT_ENGINE };
    let Some(command) = resolve(commands).into_iter().find(|command| command.name == name) else {
        return EXIT_ENGINE;
    };
    let mut out = io::stdout();
    let result = (command.run)(sub, &mut out).and_then(|status| match out.flush() {
        Ok(()) => Ok(status),
        Err(error) => Err(Error::os("write to standard output", error)),
    });
    match result {
        Ok(status) => status,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Error: {error}");
            error.status()
        }
    }
}

/// A wrong command line, in Podman's words and with its exit status.
fn usage(asked: &str, error: &clap::Error) -> u8 {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match error.print() {
            Ok(()) => 0,
            Err(_) => EXIT_ENGINE,
        };
    }
    let of = |kind| match error.get(kind) {
        Some(ContextValue::String(value)) => value.clone(),
        Some(ContextValue::Strings(values)) => values.join(", "),
        _ => String::new(),
    };
    let message = match error.kind() {
        ErrorKind::UnknownArgument => {
            let flag = of(ContextKind::InvalidArg);
            match flag.strip_prefix("--") {
                Some(_) => format!("unknown flag: {flag}"),
                None if flag.starts_with('-') => {
                    format!("unknown shorthand flag: '{}' in {flag}", flag.chars().nth(1).unwrap_or('-'))
                }
                None => format!("unexpected argument: {flag}"),
            }
        }
        ErrorKind::InvalidSubcommand => {
            format!("unrecognized command `{asked} {}`", of(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("missing: {}", of(ContextKind::InvalidArg)),
        ErrorKind::InvalidValue if error.source().is_none() && of(ContextKind::InvalidValue).is_empty() => {
            format!("flag needs an argument: {}", name(&of(ContextKind::InvalidArg)))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let allowed = || format!("not one of {}", of(ContextKind::ValidValue));
            let reason = error.source().map_or_else(allowed, ToString::to_string);
            let (flag, value) = (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue));
            format!("invalid argument {value:?} for \"{}\" flag: {reason}", name(&flag))
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(io::stderr(), "{}", error.render());
            return EXIT_ENGINE;
        }
        // The first line of the parser's own words.
        _ => {
            let text = error.to_string();
            text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string()
        }
    };
    let _ = writeln!(io::stderr(), "Error: {message}\nSee '{asked} --help'");
    EXIT_ENGINE
}

/// `--name` of `--name <VALUE>`.
fn name(flag: &str) -> &str {
    flag.split(' ').next().unwrap_or(flag)
}
