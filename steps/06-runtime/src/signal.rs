//! Signals by name and number (signal(7)).

use std::str::FromStr;

use nix::sys::signal::Signal;
use process::signals::real_time;

/// `TERM`, `SIGTERM`, `term`, `15`, `RTMIN+2`. 0 asks only whether there is somebody.
///
/// # Errors
/// What is none.
pub(crate) fn parse(text: &str) -> Result<u32, String> {
    let unknown = || format!("there is no signal {text:?}");
    let (first, last) = real_time();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|number| *number <= last).ok_or_else(unknown);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    if let Ok(signal) = Signal::from_str(&format!("SIG{name}")) {
        return Ok(signal as u32);
    }
    let distance = |rest: &str, sign: char| match rest {
        "" => Some(0),
        _ => rest.strip_prefix(sign)?.parse::<u32>().ok(),
    };
    let number = match (name.strip_prefix("RTMIN"), name.strip_prefix("RTMAX")) {
        (Some(rest), _) => distance(rest, '+').and_then(|far| first.checked_add(far)),
        (_, Some(rest)) => distance(rest, '-').and_then(|far| last.checked_sub(far)),
        _ => None,
    };
    number.filter(|number| (first..=last).contains(number)).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn names_and_numbers() {
        for (text, number) in [
            ("TERM", 15),
            ("SIGTERM", 15),
            ("term", 15),
            ("15", 15),
            ("9", 9),
            ("0", 0),
            ("64", 64),
            ("RTMIN", 34),
            ("SIGRTMIN+3", 37),
            ("RTMAX-1", 63),
        ] {
            assert_eq!(parse(text), Ok(number), "{text}");
        }
        for text in
            ["", "SIG", "SIGSIGTERM", "65", "-1", "+1", "NOTHING", "RTMIN+40", "RTMIN-1", "RTMAX+1", "4294967297"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
