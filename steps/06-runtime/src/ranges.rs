//! Lists of processors and of memory nodes, `0-3,7` (cpuset(7), "List format").

use process::{Error, Result, code};

/// The numbers of a list, none above `last`; an empty text is none. `what` is where it stands.
///
/// # Errors
/// What is no such list.
pub(crate) fn parse(what: &str, text: &str, last: u32) -> Result<Vec<u32>> {
    let wrong = || {
        Error::new(format!("{what} {text:?}: it is a list such as 0-3,7, of numbers up to {last}"))
            .code(code::BAD_CONFIGURATION)
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| digits && *number <= last).ok_or_else(wrong)
    };
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (number(from)?, number(to)?);
        if from > to {
            return Err(wrong());
        }
        all.extend(from..=to);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lists() {
        let numbers = |text| parse("here", text, 9).map_err(|error| error.to_string());
        assert_eq!(numbers(""), Ok(vec![]));
        assert_eq!(numbers("7"), Ok(vec![7]));
        assert_eq!(numbers("0-2,5, 9"), Ok(vec![0, 1, 2, 5, 9]));
        for text in [",", "1,", "1-", "-1", "2-1", "+1", "10", "0-9876543210", "x", "1 2", "1--2"] {
            assert!(numbers(text).is_err(), "{text}");
        }
        assert_eq!(numbers("x"), Err("here \"x\": it is a list such as 0-3,7, of numbers up to 9".into()));
    }
}
