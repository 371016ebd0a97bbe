//! A command line that cannot be parsed, in Podman's words.

use std::error::Error as _;
use std::ffi::OsString;
use std::io::{self, Write};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Frame, failed, more};
use crate::error::EXIT_ENGINE;
use crate::{Error, code};

/// The program and its verb, as far as the command line names one.
pub(super) fn asked(app: &clap::Command, args: &[OsString]) -> String {
    let mut asked = app.get_name().to_string();
    let mut at = app;
    let flag = |word: &&str| word.starts_with('-');
    for word in args.iter().skip(1).map_while(|word| word.to_str()).skip_while(flag) {
        let Some(below) = at.find_subcommand(word) else { break };
        asked = format!("{asked} {word}");
        at = below;
    }
    asked
}

/// A wrong command line, in Podman's words and with its exit status.
pub(super) fn usage(frame: &dyn Frame, asked: &str, words: &[String], error: &clap::Error) -> u8 {
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
    if matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand) {
        let unknown = [of(ContextKind::InvalidArg), of(ContextKind::InvalidSubcommand)].concat();
        let after = words.iter().skip_while(|word| word.split('=').next() != Some(&unknown)).skip(1);
        let rest: Vec<&str> = std::iter::once(unknown.as_str()).chain(after.map(String::as_str)).collect();
        if let Some(error) = frame.unknown(&asked.split(' ').collect::<Vec<_>>(), &rest) {
            return failed(&error);
        }
    }
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
        ErrorKind::MissingSubcommand => {
            tell(&format!("missing command '{asked} COMMAND'"), asked, code::WRONG_COUNT);
            return EXIT_ENGINE;
        }
        ErrorKind::MissingRequiredArgument => format!("missing: {}", of(ContextKind::InvalidArg)),
        ErrorKind::InvalidValue if is_lacking(error) => {
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
    tell(&message, asked, code(error));
    EXIT_ENGINE
}

/// What is wrong, where the flags are listed, and the code.
fn tell(message: &str, asked: &str, code: u16) {
    let _ = writeln!(io::stderr(), "Error: {message}\nSee '{asked} --help'{}", more(Some(code)));
}

/// Whether a flag has come without its value.
fn is_lacking(error: &clap::Error) -> bool {
    let value = |value: &ContextValue| matches!(value, ContextValue::String(text) if !text.is_empty());
    error.source().is_none() && !error.get(ContextKind::InvalidValue).is_some_and(value)
}

/// What is known of such a command line; of a wrong value, what the flag itself says of it.
fn code(error: &clap::Error) -> u16 {
    let own = error.source().and_then(|reason| reason.downcast_ref::<Error>()).and_then(Error::known_code);
    let is_word =
        matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(word)) if !word.starts_with('-'));
    own.unwrap_or(match error.kind() {
        // A word that has no place, and no flag.
        ErrorKind::UnknownArgument if is_word => code::WRONG_COUNT,
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => code::UNKNOWN_FLAG,
        ErrorKind::ArgumentConflict => code::CONFLICT,
        ErrorKind::InvalidValue if is_lacking(error) => code::WRONG_COUNT,
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidUtf8 | ErrorKind::NoEquals => {
            code::BAD_VALUE
        }
        _ => code::WRONG_COUNT,
    })
}

/// `--name` of `--name <VALUE>`.
fn name(flag: &str) -> &str {
    flag.split(' ').next().unwrap_or(flag)
}
