//! Sizes, ages and tables, as Podman prints them.

use std::io::Write;
use std::time::Duration;

use process::{Error, Result};

/// Bytes in decimal units with three digits: `4.32 MB`, `512 B`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    // Not 1000: what would be rounded up to four digits is one of the next unit.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = match value {
        0.0..9.995 => 2,
        9.995..99.95 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let short = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{short} {}", UNITS[unit])
}

/// How long ago something was: `2 weeks ago`.
#[must_use]
pub fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let minutes = seconds / 60;
    let hours = (seconds + 1800) / 3600;
    let words = match () {
        () if seconds < 1 => "Less than a second".to_string(),
        () if seconds == 1 => "1 second".to_string(),
        () if seconds < 60 => format!("{seconds} seconds"),
        () if minutes == 1 => "About a minute".to_string(),
        () if minutes < 60 => format!("{minutes} minutes"),
        () if hours == 1 => "About an hour".to_string(),
        () if hours < 48 => format!("{hours} hours"),
        () if hours < 14 * 24 => format!("{} days", hours / 24),
        () if hours < 60 * 24 => format!("{} weeks", hours / 24 / 7),
        () if hours < 2 * 365 * 24 => format!("{} months", hours / 24 / 30),
        () => format!("{} years", hours / 24 / 365),
    };
    format!("{words} ago")
}

/// Prints rows in columns of twelve characters or more, two blanks between them; nothing after the last one.
///
/// # Errors
/// Those of the writer.
pub fn table(out: &mut dyn Write, rows: &[Vec<String>]) -> Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count() + 2).max().unwrap_or_default().max(12)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}"));
        }
        writeln!(out, "{}", line.trim_end()).map_err(|error| Error::os("write to standard output", error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        let shown: Vec<String> =
            [0, 1, 999, 1000, 1024, 4_320_000, 4_300_000, 77_845_120, 999_949, 999_951, 1 << 40, u64::MAX]
                .into_iter()
                .map(size)
                .collect();
        assert_eq!(
            shown.join(", "),
            "0 B, 1 B, 999 B, 1 kB, 1.02 kB, 4.32 MB, 4.3 MB, 77.8 MB, 1 MB, 1 MB, 1.1 TB, 18.4 EB"
        );
    }

    #[test]
    fn ages_are_rounded_as_people_do() {
        const HOUR: u64 = 3600;
        let day = 24 * HOUR;
        let ages = [0, 1, 59, 60, 119, 120, 45 * 60, HOUR, 5 * HOUR, 2 * day, 13 * day, 14 * day, 61 * day, 800 * day];
        let shown: Vec<String> = ages.into_iter().map(|seconds| age(Duration::from_secs(seconds))).collect();
        assert_eq!(
            shown.join(", "),
            "Less than a second ago, 1 second ago, 59 seconds ago, About a minute ago, About a minute ago, \
             2 minutes ago, 45 minutes ago, About an hour ago, 5 hours ago, 2 days ago, 13 days ago, 2 weeks ago, \
             2 months ago, 2 years ago"
        );
    }
}
