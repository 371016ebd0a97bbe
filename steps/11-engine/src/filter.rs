//! `--filter NAME=VALUE`: several values of one name are alternatives, several names are all to be so.

use std::collections::BTreeMap;

use process::{Error, Result, code};

use crate::{Engine, Phase, Record, Status};

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Filters(BTreeMap<String, Vec<String>>);

/// The names that are understood.
const NAMES: [&str; 12] = [
    "id",
    "name",
    "label",
    "status",
    "exited",
    "ancestor",
    "volume",
    "before",
    "since",
    "restart-policy",
    "network",
    "command",
];

impl Filters {
    /// Reads them.
    ///
    /// # Errors
    /// A name that is not known.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a String>) -> Result<Filters> {
        let mut filters = Filters::default();
        for text in texts {
            let Some((name, value)) = text.split_once('=') else {
                return Err(Error::new(format!(
                    "invalid argument {text:?}: filter input must be in the form of filter=value"
                ))
                .code(code::BAD_FILTER));
            };
            let name = name.trim_end_matches('!');
            if !NAMES.contains(&name) {
                return Err(Error::new(format!("{name} is an invalid filter")).code(code::BAD_FILTER));
            }
            if name == "status" {
                check(value)?;
            }
            filters.0.entry(name.to_string()).or_default().push(value.to_string());
        }
        Ok(filters)
    }

    /// Whether something of this name is looked for.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the container is what is looked for.
    ///
    /// # Errors
    /// When a container that another one is compared with is not there.
    pub fn fit(&self, engine: &Engine, record: &Record, status: &Status) -> Result<bool> {
        for (name, values) in &self.0 {
            let mut fits = false;
            for value in values {
                fits |= one(engine, record, status, name, value)?;
            }
            // Labels are all to be there.
            if name == "label" {
                fits = values.iter().all(|value| label(record, value));
            }
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn check(word: &str) -> Result<()> {
    let known = [
        "created",
        "initialized",
        "running",
        "paused",
        "exited",
        "stopped",
        "stopping",
        "removing",
        "unknown",
        "configured",
    ];
    match known.contains(&word) {
        true => Ok(()),
        false => {
            Err(Error::new(format!("{word} is not a valid status: unknown container state: {word}: invalid argument"))
                .code(code::BAD_FILTER))
        }
    }
}

fn one(engine: &Engine, record: &Record, status: &Status, name: &str, value: &str) -> Result<bool> {
    let other = || engine.find(value).map(|other| other.created);
    Ok(match name {
        "id" => record.id.starts_with(value),
        // A part of it, or a pattern that begins and ends with it.
        "name" => match (value.strip_prefix('^'), value.strip_suffix('$')) {
            (Some(_), Some(_)) => record.name == value[1..value.len() - 1],
            (Some(begin), None) => record.name.starts_with(begin),
            (None, Some(end)) => record.name.ends_with(end),
            (None, None) => record.name.contains(value),
        },
        "status" => match value {
            "stopped" => status.phase == Phase::Exited,
            "configured" => status.phase == Phase::Created,
            word => status.phase.name() == word,
        },
        "exited" => {
            status.phase == Phase::Exited
                && status.life.exit_code.map(|code| code.to_string()).as_deref() == Some(value)
        }
        "ancestor" => {
            let (repository, _) = images::reference::split(&record.image);
            record.image_id.starts_with(value)
                || images::reference::matches_filter(&record.image, value)
                || repository == value
        }
        "volume" => record.volumes.iter().any(|volume| volume.name == value || volume.destination == value),
        "before" => record.created < other()?,
        "since" => record.created > other()?,
        "restart-policy" => record.options.restart.name() == value,
        "network" => record.options.network.mode.name() == value,
        "command" => record.command.first().is_some_and(|word| word == value),
        _ => label(record, value),
    })
}

fn label(record: &Record, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((name, value)) => record.options.labels.get(name).is_some_and(|found| found == value),
        None => record.options.labels.contains_key(wanted),
    }
}
