//! `gate check`, `gate sessions [--update] [NAME...]`, `gate html DIR`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use gate::{Finding, check, html, session};

fn main() -> ExitCode {
    let matches = command().get_matches();
    let book = matches.get_one::<PathBuf>("book").cloned().unwrap_or_else(book);
    let (findings, checked) = match matches.subcommand() {
        Some(("sessions", matches)) => sessions(&book, matches),
        Some(("html", matches)) => {
            let dir = matches.get_one::<PathBuf>("dir").cloned().unwrap_or_else(|| book.join("out"));
            (html::check(&dir), dir.display().to_string())
        }
        _ => (check::check(&book), book.display().to_string()),
    };
    for finding in &findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() {
        println!("gate: {checked}: sound");
        return ExitCode::SUCCESS;
    }
    eprintln!("gate: {checked}: {} found", findings.len());
    ExitCode::FAILURE
}

fn command() -> Command {
    let book = Arg::new("book")
        .long("book")
        .value_name("DIR")
        .help("The book: a directory with src and sessions")
        .value_parser(value_parser!(PathBuf))
        .global(true);
    Command::new("gate")
        .about("Keeps the book true")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(book)
        .subcommand(Command::new("check").about("Includes, links, code blocks, table of contents"))
        .subcommand(
            Command::new("sessions")
                .about("Executes the console sessions and compares what they print")
                .arg(Arg::new("update").long("update").action(ArgAction::SetTrue).help("Write what is printed now"))
                .arg(Arg::new("name").value_name("NAME").num_args(0..).help("Only these sessions")),
        )
        .subcommand(
            Command::new("html")
                .about("The built book: links arrive, nothing is loaded from the net")
                .arg(Arg::new("dir").value_name("DIR").value_parser(value_parser!(PathBuf))),
        )
}

/// The book here or in a directory above, or else that of the checkout that this program was built from.
fn book() -> PathBuf {
    let here = env::current_dir().unwrap_or_default();
    let near = here.ancestors().map(|dir| dir.join("book")).find(|book| book.join("book.toml").is_file());
    near.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf())
}

/// Executes sessions, by name or all.
fn sessions(book: &Path, matches: &ArgMatches) -> (Vec<Finding>, String) {
    let names: Vec<&String> = matches.get_many("name").unwrap_or_default().collect();
    let update = matches.get_flag("update");
    let mut files = session::files(book);
    let mut findings = Vec::new();
    for name in &names {
        if !files.iter().any(|file| file.file_stem() == Some(OsStr::new(name.as_str()))) {
            let path = book.join("sessions").join(format!("{name}.console"));
            findings.push(Finding::new(&path, 0, "is not there", "look into book/sessions"));
        }
    }
    files.retain(|file| {
        names.is_empty() || names.iter().any(|name| file.file_stem() == Some(OsStr::new(name.as_str())))
    });
    for file in &files {
        match one(book, file, update) {
            Ok(found) => findings.extend(found),
            Err(finding) => findings.push(finding),
        }
    }
    (findings, format!("{} sessions", files.len()))
}

fn one(book: &Path, file: &Path, update: bool) -> Result<Vec<Finding>, Finding> {
    let text = fs::read_to_string(file).map_err(|error| Finding::unreadable(file, &error))?;
    let outcome = session::run(book, file, session::Session::parse(file, &text)?)?;
    if !update {
        return Ok(outcome.findings);
    }
    let now = outcome.now.to_string();
    if now != text {
        let partial = file.with_extension("new");
        let written = fs::write(&partial, now).and_then(|()| fs::rename(&partial, file));
        written.map_err(|error| Finding::new(file, 0, format!("cannot be written: {error}"), "make it writable"))?;
        println!("gate: {} updated: read it", file.display());
    }
    Ok(outcome.findings.into_iter().filter(|finding| finding.what.starts_with("the output has")).collect())
}
