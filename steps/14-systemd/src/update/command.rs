//! `auto-update`.

use std::collections::HashSet;
use std::io::Write;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, ArgMatches};
use engine::Engine;
use images::template::{self, Headings};
use process::{Command, Error, Result, code};
use serde_json::{Value, json};

use super::restart::{connect, restart};
use super::task::{Report, Task, Updated, Updater};

/// The verb.
pub const AUTO_UPDATE: Command =
    Command { name: "auto-update", about: "Auto update containers according to their auto-update policy", define, run };

const TABLE: &str = "table {{.Unit}}\t{{.Container}}\t{{.Image}}\t{{.Policy}}\t{{.Updated}}";

fn define(command: clap::Command) -> clap::Command {
    let rollback = Arg::new("rollback")
        .long("rollback")
        .value_name("BOOL")
        .num_args(0..=1)
        .require_equals(true)
        .default_value("true")
        .default_missing_value("true")
        .value_parser(BoolishValueParser::new());
    images::root_argument(command)
        .arg(registry::authfile())
        .arg(Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help("Check for pending updates"))
        .arg(Arg::new("format").long("format").value_name("FORMAT").help("json, or a Go template"))
        .arg(rollback.help("Rollback to previous image if update fails"))
        .arg(registry::tls_verify())
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let mut updater = Updater {
        engine: &engine,
        registry: registry::Options::from_arguments(matches)?,
        dry_run: matches.get_flag("dry-run"),
        rollback: matches.get_one("rollback").copied().unwrap_or(true),
        pulled: HashSet::new(),
    };
    let mut errors = Vec::new();
    let mut reports = Vec::new();
    for (unit, mut tasks) in Task::all(&engine, &mut errors)? {
        update(&unit, &mut tasks, &mut updater, &mut errors);
        reports.extend(tasks.iter().map(|task| task.report(&unit)));
    }
    if !reports.is_empty() {
        print(out, matches.get_one::<String>("format").map_or(TABLE, String::as_str), &reports)?;
    }
    match errors.as_slice() {
        [] => Ok(0),
        [one] => Err(one.clone()),
        several => {
            let lines: String = several.iter().map(|error| format!("\n\t* {error}")).collect();
            Err(Error::new(format!("{} errors occurred:{lines}", several.len())).code(code::SEVERAL))
        }
    }
}

/// Updates a unit.
// ANCHOR: update
fn update(unit: &str, tasks: &mut [Task], with: &mut Updater<'_>, errors: &mut Vec<Error>) {
    for task in &mut *tasks {
        errors.extend(task.look(with).err());
    }
    let newer = |tasks: &[Task]| tasks.iter().any(|task| task.updated == Updated::Pending);
    if with.dry_run || !newer(tasks) {
        return;
    }
    // Before anything is changed: without systemd nothing can be restarted.
    let mut systemd = match connect() {
        Ok(systemd) => systemd,
        Err(error) => {
            tasks.iter_mut().for_each(|task| task.updated = Updated::Failed);
            errors.push(Error::because(format!("restarting unit {unit} during update"), error).code(code::UNIT_FAILED));
            return;
        }
    };
    for task in tasks.iter_mut().filter(|task| task.updated == Updated::Pending) {
        errors.extend(task.fetch(with).err());
    }
    if !newer(tasks) {
        return;
    }
    let mut all = |updated| tasks.iter_mut().for_each(|task| task.updated = updated);
    let Err(error) = restart(&mut systemd, unit) else { return all(Updated::Yes) };
    all(Updated::Failed);
    if !with.rollback {
        errors.push(Error::because(format!("restarting unit {unit} during update"), error).code(code::UNIT_FAILED));
        return;
    }
    // The newer image does not start. The old one did.
    for task in &*tasks {
        errors.extend(task.roll_back(with).err());
    }
    match restart(&mut systemd, unit) {
        Ok(()) => tasks.iter_mut().for_each(|task| task.updated = Updated::RolledBack),
        Err(error) => errors
            .push(Error::because(format!("restarting unit {unit} during rollback"), error).code(code::UNIT_FAILED)),
    }
}
// ANCHOR_END: update

fn print(out: &mut dyn Write, format: &str, reports: &[Report]) -> Result<()> {
    let row = |report: &Report| {
        json!({
            "Unit": report.unit,
            "Container": format!("{} ({})", report.id.get(..12).unwrap_or(&report.id), report.name),
            "ContainerName": report.name,
            "ContainerID": report.id,
            "Image": report.image,
            "Policy": report.policy.name(),
            "Updated": report.updated.name(),
        })
    };
    let rows: Vec<Value> = reports.iter().map(row).collect();
    match template::is_json(format) {
        true => template::print_json(out, &rows, 4),
        false => template::print(out, format, &rows, &Headings { verb: "auto-update", names: &[] }),
    }
}
