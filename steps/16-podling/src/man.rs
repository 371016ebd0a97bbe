//! `man DIRECTORY`: the manual pages, one a verb, from the same definition as the command line.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, value_parser};
use clap_mangen::{Man, roff};
use process::{Command, Error, Result};

/// The verb.
pub const MAN: Command = Command { name: "man", about: "Write the manual pages into a directory", define, run };

fn define(command: clap::Command) -> clap::Command {
    let directory = Arg::new("directory").value_name("DIRECTORY").required(true).value_parser(value_parser!(PathBuf));
    command.arg(directory.help("Where podling.1, podling-run.1 and so on are written"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let Some(directory) = matches.get_one::<PathBuf>("directory") else { return Ok(0) };
    let failed = |error| Error::os(format!("create {}", directory.display()), error);
    fs::create_dir_all(directory).map_err(failed)?;
    let mut app = crate::definition();
    app.build();
    let count = pages(&app, "podling", directory)?;
    writeln!(out, "{count} pages").map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}

// ANCHOR: pages
/// The page of a verb and those of the verbs below it.
fn pages(verb: &clap::Command, name: &str, directory: &Path) -> Result<usize> {
    let mut count = 1;
    for below in verb.get_subcommands().filter(|below| !below.is_hide_set()) {
        count += pages(below, &format!("{name}-{}", below.get_name()), directory)?;
    }
    let path = directory.join(format!("{name}.1"));
    let written = fs::File::create(&path).and_then(|mut file| page(verb, name, &mut file));
    written.map(|()| count).map_err(|error| Error::os(format!("write {}", path.display()), error))
}
// ANCHOR_END: pages

fn page(verb: &clap::Command, name: &str, file: &mut dyn Write) -> std::io::Result<()> {
    // A manual page is called podling-run, and shows how to type podling run.
    let shown = verb.clone().display_name(name.to_string());
    let man = Man::new(shown).title(name).source(concat!("podling ", env!("CARGO_PKG_VERSION"))).manual("podling");
    man.render_title(file)?;
    man.render_name_section(file)?;
    man.render_synopsis_section(file)?;
    man.render_description_section(file)?;
    if verb.get_arguments().any(|arg| !arg.is_hide_set()) {
        man.render_options_section(file)?;
    }
    if verb.get_subcommands().any(|below| !below.is_hide_set()) {
        man.render_subcommands_section(file)?;
    }
    let mut rest = roff::Roff::default();
    rest.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in STATUS {
        rest.control("TP", []);
        rest.text([roff::bold(*status)]);
        rest.text([roff::roman(*meaning)]);
    }
    rest.to_writer(file)
}

const STATUS: &[(&str, &str)] = &[
    ("125", "podling itself failed."),
    ("126", "The program in the container could not be executed."),
    ("127", "The program in the container was not found."),
    ("other", "That of the verb or, when it runs a program, of that program; 128 and its number for a signal."),
];
