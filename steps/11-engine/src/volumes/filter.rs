//! `--filter NAME=VALUE` of volumes: one value of each name has to fit, and all labels and options.

use std::collections::BTreeMap;

use process::{Error, Result, code};
use regex_lite::Regex;

use super::Volume;
use crate::events::time;

/// A filter that was understood.
#[derive(Debug)]
pub(super) enum Filter {
    Name(Regex),
    Driver(String),
    Scope(String),
    Label(String, Option<String>),
    NoLabel(String, Option<String>),
    Option(String, Option<String>),
    Dangling(bool),
    Until(jiff::Timestamp),
}

impl Filter {
    pub fn parse(text: &str) -> Result<Filter> {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            Error::new(format!("filter input must be in the form of filter=value: {text} is invalid"))
                .code(code::BAD_FILTER)
        })?;
        let pair = |text: &str| match text.split_once('=') {
            Some((name, value)) => (name.to_string(), Some(value.to_string())),
            None => (text.to_string(), None),
        };
        Ok(match name {
            "name" => Filter::Name(Regex::new(value).map_err(|error| {
                Error::because(format!("invalid name filter {value:?}"), error).code(code::BAD_FILTER)
            })?),
            "driver" => Filter::Driver(value.into()),
            "scope" => Filter::Scope(value.into()),
            "label" => Filter::Label(pair(value).0, pair(value).1),
            "label!" => Filter::NoLabel(pair(value).0, pair(value).1),
            "opt" => Filter::Option(pair(value).0, pair(value).1),
            "dangling" => Filter::Dangling(match value.to_ascii_lowercase().as_str() {
                "true" | "1" => true,
                "false" | "0" => false,
                _ => {
                    return Err(Error::new(format!(
                        "{value:?} is not a valid value for the \"dangling\" filter - must be true or false"
                    ))
                    .code(code::BAD_FILTER));
                }
            }),
            "until" => Filter::Until(time::parse(value)?),
            _ => return Err(Error::new(format!("{name:?} is an invalid volume filter")).code(code::BAD_FILTER)),
        })
    }

    fn fits(&self, volume: &Volume, used: bool) -> bool {
        let has = |map: &BTreeMap<String, String>, name: &String, value: &Option<String>| {
            map.get(name).is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
        };
        match self {
            Filter::Name(name) => name.is_match(&volume.name),
            Filter::Driver(driver) => driver == "local",
            Filter::Scope(scope) => scope == "local",
            Filter::Label(name, value) => has(&volume.labels, name, value),
            Filter::NoLabel(name, value) => !has(&volume.labels, name, value),
            Filter::Option(name, value) => has(&volume.options, name, value),
            Filter::Dangling(dangling) => used != *dangling,
            Filter::Until(time) => volume.created.parse::<jiff::Timestamp>().is_ok_and(|created| created < *time),
        }
    }

    /// Whether one of these is enough.
    fn is_choice(&self) -> bool {
        matches!(self, Filter::Name(_) | Filter::Driver(_) | Filter::Scope(_) | Filter::Dangling(_))
    }
}

/// Whether a volume is wanted.
pub(super) fn wanted(filters: &[Filter], volume: &Volume, used: bool) -> bool {
    let same = |a: &Filter, b: &Filter| std::mem::discriminant(a) == std::mem::discriminant(b);
    filters.iter().all(|filter| match filter.is_choice() {
        true => filters.iter().any(|other| same(filter, other) && other.fits(volume, used)),
        false => filter.fits(volume, used),
    })
}
