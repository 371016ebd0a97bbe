//! Times of the command line: `2026-11-25T22:00:00Z`, `2026-11-25`, seconds since 1970, or how long ago: `10m`, `1h30m`.

use jiff::{SignedDuration, Timestamp};
use process::{Error, Result, code};

/// Reads one.
///
/// # Errors
/// When it is none.
pub fn parse(text: &str) -> Result<Timestamp> {
    let invalid = || {
        Error::new(format!("failed to parse time {text:?}: it is neither a time nor a duration")).code(code::BAD_VALUE)
    };
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    if let Ok(seconds) = text.parse::<f64>()
        && seconds.is_finite()
    {
        return Timestamp::from_nanosecond((seconds * 1e9) as i128).map_err(|_| invalid());
    }
    if let Some(past) = duration(text) {
        return Timestamp::now().checked_sub(past).map_err(|_| invalid());
    }
    let local = |format: &str| {
        jiff::civil::DateTime::strptime(format, text)
            .or_else(|_| jiff::civil::Date::strptime(format, text).map(|date| date.at(0, 0, 0, 0)))
    };
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
        .iter()
        .find_map(|format| local(format).ok()?.to_zoned_datetime(jiff::tz::TimeZone::system()).ok())
        .map(|zoned| zoned.timestamp())
        .ok_or_else(invalid)
}

/// Go's durations: numbers with units, one after the other.
#[must_use]
pub fn duration(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, seconds) = [("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)]
            .into_iter()
            .find(|(unit, _)| rest.starts_with(unit))?;
        sum += number * seconds;
        rest = &rest[unit.len()..];
    }
    (!text.is_empty()).then(|| SignedDuration::try_from_secs_f64(sum).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for text in
            ["2026-11-25T22:00:00Z", "2026-11-25T22:00:00+01:00", "1700000000", "2026-11-25", "10m", "1h30m2.5s"]
        {
            assert!(parse(text).is_ok(), "{text}");
        }
        assert!(["", "soon", "10", "m"].iter().filter(|text| parse(text).is_err()).count() >= 3);
        assert_eq!(duration("1h30m"), Some(SignedDuration::from_secs(5400)));
        assert_eq!(duration("5"), None);
    }
}
