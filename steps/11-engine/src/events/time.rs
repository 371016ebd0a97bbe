//! Times as a command line has them: a moment, or how long from now.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use process::{Error, Result, code};

/// A moment in the past: `10m`, `2026-11-25T22:45:00Z`, `2026-11-25`, `1795646700.5`.
///
/// # Errors
/// When it is none of these.
pub fn parse(text: &str) -> Result<Timestamp> {
    moment(text, -1)
}

/// The same, and a length of time leads into the future.
///
/// # Errors
/// When it is none of these.
pub fn parse_future(text: &str) -> Result<Timestamp> {
    moment(text, 1)
}

fn moment(text: &str, sign: i32) -> Result<Timestamp> {
    let unknown = || Error::new(format!("failed to parse value as time or duration: {text:?}")).code(code::BAD_VALUE);
    if let Some(length) = duration(text) {
        let length = length.checked_mul(sign).ok_or_else(unknown)?;
        return Timestamp::now().checked_add(length).map_err(|_| unknown());
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
        let nanoseconds: String = format!("{fraction:0<9}").chars().take(9).collect();
        if let (Ok(seconds), Ok(nanoseconds)) = (seconds.parse(), nanoseconds.parse()) {
            return Timestamp::new(seconds, nanoseconds).map_err(|_| unknown());
        }
    }
    // A day, or an hour without its zone, is the caller's.
    let local = text.parse::<DateTime>().map_err(|_| unknown())?;
    Ok(local.to_zoned_datetime(TimeZone::system()).map_err(|_| unknown())?.timestamp())
}

/// As Go's time.ParseDuration: `1h30m`, `1.5s`, `-10ms`.
fn duration(text: &str) -> Option<SignedDuration> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut all = SignedDuration::ZERO;
    while !rest.is_empty() {
        let number = &rest[..rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?];
        rest = &rest[number.len()..];
        let unit = &rest[..rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len())];
        rest = &rest[unit.len()..];
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let part = SignedDuration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        all = all.checked_add(part)?;
    }
    all.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_in_go() {
        let seconds = |text| duration(text).map(|length| length.as_secs_f64());
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("1.5s"), Some(1.5));
        assert_eq!(seconds("-10ms"), Some(-0.01));
        assert_eq!(seconds("0"), Some(0.0));
        for text in ["", "1", "h", "1d", "1h30", "-", ".h", "99999999999999999999h"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_written_in_many_ways() {
        let at = |text| parse(text).map(|time| time.to_string()).map_err(|error| error.to_string());
        assert_eq!(at("2026-11-25T22:45:00.5Z").as_deref(), Ok("2026-11-25T22:45:00.5Z"));
        assert_eq!(at("2026-11-25T23:45:00+01:00").as_deref(), Ok("2026-11-25T22:45:00Z"));
        assert_eq!(at("1795646700.25").as_deref(), Ok("2026-11-25T22:45:00.25Z"));
        assert!(at("2026-11-25").is_ok() && at("2026-11-25T22:45:00").is_ok());
        assert!(parse("1h").unwrap() < Timestamp::now() && parse_future("1h").unwrap() > Timestamp::now());
        let words = "failed to parse value as time or duration: \"nonsense\"";
        assert_eq!(at("nonsense"), Err(words.to_string()));
    }
}
