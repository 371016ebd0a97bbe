//! `--filter NAME=VALUE` of events.

use process::{Error, Result, code};

use super::Event;

/// A filter that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Type, and a name or the beginning of an id.
    Object(&'static str, String),
    /// What happened.
    Status(String),
    /// To what.
    Type(String),
    /// A label, and its value.
    Label(String, Option<String>),
}

impl Filter {
    /// Reads one.
    ///
    /// # Errors
    /// When there is no such filter.
    pub fn parse(text: &str) -> Result<Filter> {
        let invalid = |text: &str| Error::new(format!("{text} is an invalid filter")).code(code::BAD_FILTER);
        let (name, value) = text.split_once('=').ok_or_else(|| invalid(text))?;
        Ok(match name.to_ascii_lowercase().as_str() {
            "container" => Filter::Object("container", value.into()),
            "image" => Filter::Object("image", value.into()),
            "pod" => Filter::Object("pod", value.into()),
            "volume" => Filter::Object("volume", value.into()),
            "network" => Filter::Object("network", value.into()),
            // Docker's word for it.
            "event" | "status" => Filter::Status(if value == "die" { "died".into() } else { value.into() }),
            "type" => Filter::Type(value.into()),
            "label" => match value.split_once('=') {
                Some((name, value)) => Filter::Label(name.into(), Some(value.into())),
                None => Filter::Label(value.into(), None),
            },
            _ => return Err(invalid(name)),
        })
    }

    fn fits(&self, event: &Event) -> bool {
        match self {
            Filter::Object(kind, value) => {
                let id = !event.id.is_empty() && event.id.starts_with(value.as_str());
                event.kind == *kind && (event.name == *value || id)
            }
            Filter::Status(status) => event.status == *status,
            Filter::Type(kind) => event.kind == *kind,
            Filter::Label(name, value) => {
                let found = event.attributes.get(name);
                found.is_some_and(|found| value.as_ref().is_none_or(|value| value == found))
            }
        }
    }

    /// Of one kind, of which one has to fit.
    fn is_like(&self, other: &Filter) -> bool {
        match (self, other) {
            (Filter::Object(a, _), Filter::Object(b, _)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

pub(super) fn wanted(filters: &[Filter], event: &Event) -> bool {
    filters.iter().all(|filter| filters.iter().any(|other| other.is_like(filter) && other.fits(event)))
}
