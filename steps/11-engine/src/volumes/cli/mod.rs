//! `volume`: the verbs, and how they show a volume.

pub(crate) mod create;
pub(crate) mod inspect;
pub(crate) mod ls;
pub(crate) mod prune;
pub(crate) mod rm;

use std::collections::BTreeMap;
use std::io::Write;

use clap::{Arg, ArgMatches};
use process::{Command, Error, Result, command};
use serde::Serialize;
use serde_json::{Value, json};

use super::Volume;
use crate::Engine;

/// The group.
pub(crate) const GROUP: Command = command::group("volume", "Manage volumes");

/// A volume as JSON, with Podman's names in Podman's order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Report {
    name: String,
    driver: &'static str,
    mountpoint: String,
    created_at: String,
    labels: BTreeMap<String, String>,
    scope: &'static str,
    options: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_false")]
    anonymous: bool,
    mount_count: u32,
    #[serde(skip_serializing_if = "is_false")]
    needs_copy_up: bool,
    #[serde(skip_serializing_if = "is_false")]
    needs_chown: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(value: &bool) -> bool {
    !value
}

fn report(engine: &Engine, volume: Volume) -> Report {
    Report {
        mountpoint: engine.volumes().mountpoint(&volume.name).display().to_string(),
        name: volume.name,
        driver: "local",
        created_at: volume.created,
        labels: volume.labels,
        scope: "local",
        options: volume.options,
        anonymous: volume.anonymous,
        mount_count: 0,
        needs_copy_up: volume.needs_copy_up,
        needs_chown: volume.needs_chown,
    }
}

/// The same for a template: all fields are there, and the time is written as Go writes it.
fn row(report: &Report) -> Value {
    let mut row = serde_json::to_value(report).unwrap_or_default();
    row["Anonymous"] = report.anonymous.into();
    row["NeedsCopyUp"] = report.needs_copy_up.into();
    row["NeedsChown"] = report.needs_chown.into();
    row["CreatedAt"] = json!(report.created_at.replace('T', " ").replace('Z', " +0000 UTC"));
    row["UID"] = 0.into();
    row["GID"] = 0.into();
    row["Status"] = json!({});
    row
}

/// `VOLUME...`
fn names(help: &'static str) -> Arg {
    Arg::new("names").value_name("VOLUME").num_args(0..).help(help)
}

fn given(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}

fn line(out: &mut dyn Write, text: &str) -> Result<()> {
    writeln!(out, "{text}").map_err(|error| Error::os("write to standard output", error))
}

/// All but the last error are printed, that one is returned: its exit status is the verb's.
fn gather(last: &mut Option<Error>, error: Error) {
    if let Some(before) = last.replace(error) {
        process::command::report(&before);
    }
}
