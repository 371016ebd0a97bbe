//! A command of the command line, as data.

mod frame;
mod usage;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::ArgMatches;

pub use frame::Frame;

use crate::code::shown;
use crate::error::EXIT_ENGINE;
use crate::{Error, Result, init};

// ANCHOR: command
/// One verb: its name, its flags, and what it does. A step exports its verbs as a list of these; the binary of
/// step N registers those of the steps up to N, and a later verb of the same name replaces an earlier one.
#[derive(Clone, Copy)]
pub struct Command {
    /// The verb; of several words when it belongs to a group (`volume create`).
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
    framed(&(), program, about, commands)
}

// ANCHOR: framed
/// [`main`] of a program with a frame.
pub fn framed(frame: &dyn Frame, program: &'static str, about: &'static str, commands: &[&[Command]]) -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    if commands.iter().copied().flatten().any(|command| command.name == "explain") {
        let _ = EXPLAINS.set(program);
    }
    if let Some(program) = init::asked(&args) {
        return ExitCode::from(init::main(program));
    }
    // The usual command line begins with its verb: then no other one is defined.
    let first = args.get(1).and_then(|word| word.to_str()).unwrap_or_default();
    let is_wanted = |command: &Command| command.name.split(' ').next() == Some(first);
    let wanted: Vec<Command> = commands.iter().flat_map(|list| list.iter().copied()).filter(is_wanted).collect();
    if wanted.is_empty() {
        let app = frame.define(definition(program, about, commands));
        return ExitCode::from(dispatch_framed(frame, app, commands, args));
    }
    let wanted: &[&[Command]] = &[&wanted];
    ExitCode::from(dispatch_framed(frame, definition(program, about, wanted), wanted, args))
}
// ANCHOR_END: framed

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
        let verb = clap::Command::new(last(command.name)).about(command.about).hide(command.about.is_empty());
        // All at the same place: then help sorts them by name.
        let verb = verb.display_order(0);
        // The later of two equal flags counts, as everywhere.
        app = insert(app, command.name, verb.args_override_self(true).defer(command.define));
    }
    app
}

/// A verb that is only the first word of others: `volume` of `volume create`.
#[must_use]
pub const fn group(name: &'static str, about: &'static str) -> Command {
    Command { name, about, define: |command| command.subcommand_required(true), run: |_, _| Ok(EXIT_ENGINE) }
}

/// Puts a verb below the group that its name begins with, which came before it.
fn insert(app: clap::Command, name: &'static str, verb: clap::Command) -> clap::Command {
    match name.split_once(' ') {
        None => app.subcommand(verb),
        Some((group, rest)) if app.find_subcommand(group).is_some() => {
            app.mut_subcommand(group, |group| insert(group, rest, verb))
        }
        Some((group, rest)) => app.subcommand(insert(clap::Command::new(group), rest, verb)),
    }
}

fn last(name: &'static str) -> &'static str {
    name.rsplit(' ').next().unwrap_or(name)
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
    dispatch_framed(&(), app, commands, args.into_iter().collect())
}

fn dispatch_framed(frame: &dyn Frame, app: clap::Command, commands: &[&[Command]], args: Vec<OsString>) -> u8 {
    let words: Vec<String> = args.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let asked = usage::asked(&app, &args);
    let matches = match app.try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return usage::usage(frame, &asked, &words, &error),
    };
    if let Err(error) = frame.heed(&matches) {
        return failed(&error);
    }
    let (mut words, mut sub) = (Vec::new(), &matches);
    while let Some((word, below)) = sub.subcommand() {
        words.push(word);
        sub = below;
    }
    let name = words.join(" ");
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
        // Whoever reads has had enough, as `head` has: that is said by a status alone, as a shell has it for SIGPIPE.
        Err(error) if error.is_closed_output() => EXIT_CLOSED_OUTPUT,
        Err(error) => failed(&error),
    }
}

/// 128 and SIGPIPE.
const EXIT_CLOSED_OUTPUT: u8 = 141;

/// The program's name, when it has a verb that explains codes.
static EXPLAINS: OnceLock<&str> = OnceLock::new();

/// Says an error on standard error, the way Podman does, and where there is more to read about it.
pub fn report(error: &Error) {
    // Another process of ours may have said it already.
    if error.is_silent() {
        return;
    }
    let _ = writeln!(io::stderr(), "Error: {error}{}", more(error.known_code()));
}

/// The last line of an error: where there is more to read about that code.
fn more(code: Option<u16>) -> String {
    let more = EXPLAINS.get().zip(code);
    more.map(|(program, code)| format!("\nMore: {program} explain {}", shown(code))).unwrap_or_default()
}

fn failed(error: &Error) -> u8 {
    report(error);
    error.status()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: Command = Command { name: "top", about: "T", define: |command| command, run: |_, _| Ok(1) };

    #[test]
    fn verbs_of_a_group_are_below_it() {
        let below = Command { name: "volume create", run: |_, _| Ok(2), ..TOP };
        let commands: &[&[Command]] = &[&[TOP, group("volume", "V"), below]];
        let run = |words: &[&str]| {
            let args = ["p"].iter().chain(words).map(OsString::from);
            dispatch(definition("p", "P", commands), commands, args)
        };
        assert_eq!([run(&["top"]), run(&["volume", "create"]), run(&["volume"]), run(&["create"])], [1, 2, 125, 125]);
    }
}
