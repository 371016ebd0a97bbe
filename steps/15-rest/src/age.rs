//! How long something is ago, as Docker says it.

use jiff::Timestamp;

/// `3 seconds`, `About an hour`; how long `time` (RFC 3339) is ago.
pub(crate) fn since(time: &str) -> String {
    let then = time.parse::<Timestamp>().map_or(0, Timestamp::as_second);
    words(u64::try_from(Timestamp::now().as_second() - then).unwrap_or(0))
}

/// Seconds in the words of Docker's go-units.
fn words(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".to_string(),
        (1, ..) => "1 second".to_string(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".to_string(),
        (_, 2..60, _) => format!("{minutes} minutes"),
        (.., 1) => "About an hour".to_string(),
        (.., 2..48) => format!("{hours} hours"),
        (.., 48..336) => format!("{} days", hours / 24),
        (.., 336..1440) => format!("{} weeks", hours / 24 / 7),
        (.., 1440..17520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", hours / 24 / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn as_docker_says_it() {
        let seconds = [0, 1, 59, 60, 119, 120, 3599, 3600, 7200, 172_800, 1_300_000, 6_000_000, 70_000_000];
        let expected = [
            "Less than a second",
            "1 second",
            "59 seconds",
            "About a minute",
            "About a minute",
            "2 minutes",
            "59 minutes",
            "About an hour",
            "2 hours",
            "2 days",
            "2 weeks",
            "2 months",
            "2 years",
        ];
        assert_eq!(seconds.map(words), expected);
    }
}
