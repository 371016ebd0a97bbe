//! `--filter` of images: what Podman's users ask lists for.

use jiff::{Timestamp, ToSpan as _};
use process::{Error, Result, code};

use crate::reference::{matches_filter, split};
use crate::{Image, Store};

/// Conditions: those of one key are alternatives, but for labels; those of different keys must all hold.
#[derive(Debug, Default)]
pub struct Filters {
    dangling: Option<bool>,
    references: Vec<String>,
    labels: Vec<(String, bool)>,
    ids: Vec<String>,
    before: Option<Timestamp>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Filters {
    /// Parses `key=value` texts.
    ///
    /// # Errors
    /// When a key is unknown, or its value makes no sense.
    pub fn parse<'a>(store: &Store, texts: impl IntoIterator<Item = &'a String>) -> Result<Filters> {
        let mut filters = Filters::default();
        for text in texts {
            let (key, value) = text.split_once('=').ok_or_else(|| {
                Error::new(format!("invalid image filter {text:?}: must be in the format \"filter=value\""))
                    .code(code::BAD_FILTER)
            })?;
            let bad = |why: &str| {
                Error::new(format!("invalid value {value:?} of filter {key}: {why}")).code(code::BAD_FILTER)
            };
            let flag = || value.parse::<bool>().map_err(|_| bad("not true or false"));
            let made = || Ok::<_, Error>(store.find(value)?.created.parse::<Timestamp>().unwrap_or_default());
            match key {
                "dangling" => filters.dangling = Some(flag()?),
                "reference" => filters.references.push(value.to_string()),
                "label" => filters.labels.push((value.to_string(), true)),
                "label!" => filters.labels.push((value.to_string(), false)),
                "id" => filters.ids.push(value.trim_start_matches("sha256:").to_string()),
                "before" => filters.before = Some(made()?),
                "since" | "after" => filters.since = Some(made()?),
                "until" => filters.until = Some(time(value).ok_or_else(|| bad("neither a time nor a duration"))?),
                // There are no images that another one was made from by accident, and none that cannot be written.
                "intermediate" | "readonly" => drop(flag()?),
                _ => return Err(Error::new(format!("unsupported image filter {key:?}")).code(code::BAD_FILTER)),
            }
        }
        Ok(filters)
    }

    /// Whether an image is asked for.
    #[must_use]
    pub fn fit(&self, image: &Image) -> bool {
        let created = image.created.parse::<Timestamp>().unwrap_or_default();
        let label = |text: &str| match text.split_once('=') {
            Some((name, value)) => image.config.labels.get(name).is_some_and(|known| known == value),
            None => image.config.labels.contains_key(text),
        };
        self.dangling.is_none_or(|dangling| dangling == image.names.is_empty())
            && (self.references.is_empty() || image.names.iter().any(|name| self.fits_name(name)))
            && self.labels.iter().all(|(text, wanted)| label(text) == *wanted)
            && (self.ids.is_empty() || self.ids.iter().any(|id| image.id.starts_with(id.as_str())))
            && self.before.is_none_or(|time| created < time)
            && self.since.is_none_or(|time| created > time)
            && self.until.is_none_or(|time| created < time)
    }

    /// Whether a name is one that was asked for.
    #[must_use]
    pub fn fits_name(&self, name: &str) -> bool {
        self.references.is_empty()
            || self.references.iter().any(|pattern| {
                matches_filter(name, pattern) || {
                    // A pattern may be of the whole, of its end, and without the tag.
                    let repository = split(name).0;
                    let ends = |text: &str| {
                        let parts: Vec<&str> = text.split('/').collect();
                        (0..parts.len()).any(|at| glob(pattern, &parts[at..].join("/")))
                    };
                    ends(name) || ends(repository)
                }
            })
    }
}

/// A point in time: RFC 3339, a date, seconds since 1970, or how long ago (`24h`, `10m`).
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    if let Ok(time) = text.parse::<jiff::civil::DateTime>() {
        return jiff::tz::Offset::UTC.to_timestamp(time).ok();
    }
    let mut seconds = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit())?;
        let number: i64 = rest[..end].parse().ok()?;
        let unit = rest[end..].chars().next()?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(factor)?)?;
        rest = &rest[end + 1..];
    }
    Timestamp::now().checked_sub(seconds.seconds()).ok()
}

/// `*`, which stands for anything but `/`, `?` for one character of that.
fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    match pattern.next() {
        None => text.next().is_none(),
        Some('*') => {
            let rest = pattern.as_str();
            let mut at = text;
            loop {
                if glob(rest, at.as_str()) {
                    return true;
                }
                if at.next().is_none_or(|character| character == '/') {
                    return false;
                }
            }
        }
        Some('?') => text.next().is_some_and(|character| character != '/') && glob(pattern.as_str(), text.as_str()),
        Some(wanted) => text.next() == Some(wanted) && glob(pattern.as_str(), text.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_times() {
        assert!(glob("bus*", "busybox") && glob("*", "") && glob("b?x:*", "box:1") && !glob("*", "a/b"));
        let filters = |text: &str| Filters { references: vec![text.into()], ..Filters::default() };
        for (pattern, fits) in
            [("busy*", true), ("*/busybox", true), ("busybox", true), ("lib/busybox:1*", true), ("box", false)]
        {
            assert_eq!(filters(pattern).fits_name("quay.io/lib/busybox:1.36"), fits, "{pattern}");
        }
        assert_eq!(time("1700000000").map(|time| time.to_string()).as_deref(), Some("2023-11-14T22:13:20Z"));
        assert!(time("24h") < time("1h30m") && time("2020-01-01T00:00:00Z").is_some() && time("x").is_none());
    }
}
