//! What stands after the question mark.

use serde::de::DeserializeOwned;

use crate::answer::Failure;

/// Names and values, decoded. A name may be written in letters of either size, as Podman's server takes it.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Query, Failure> {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(pair);
        let pairs = pairs.collect::<Option<Vec<_>>>();
        pairs.map(Query).ok_or_else(|| Failure::bad("the query is not text, or has a wrong %"))
    }

    /// Refuses what was asked for and is not looked at by whoever knows only `known`; a client that says "no" to
    /// something asks for nothing.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Failure> {
        let nothing = |value: &str| matches!(value, "" | "0" | "false" | "False" | "{}" | "[]" | "null");
        let unknown = self
            .0
            .iter()
            .find(|(name, value)| !known.iter().any(|known| known.eq_ignore_ascii_case(name)) && !nothing(value));
        unknown.map_or(Ok(()), |(name, value)| Err(Failure::absent(format!("query parameter {name:?} ({value:?})"))))
    }

    /// The last value of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All values of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A value that has to be there and not empty.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Failure> {
        let found = self.get(name).filter(|value| !value.is_empty());
        found.ok_or_else(|| Failure::bad(format!("query parameter {name:?} is missing")))
    }

    /// Yes or no.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Failure> {
        match self.get(name) {
            None => Ok(default),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True" | "yes" | "on") => Ok(true),
            Some("" | "0" | "f" | "F" | "false" | "FALSE" | "False" | "no" | "off") => Ok(false),
            Some(value) => Err(wrong(name, value)),
        }
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Failure> {
        let value = self.get(name).filter(|value| !value.is_empty());
        value.map(|value| value.parse().map_err(|_| wrong(name, value))).transpose()
    }

    /// A JSON document.
    pub(crate) fn document<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, Failure> {
        match self.get(name).filter(|value| !value.is_empty()) {
            None => Ok(T::default()),
            Some(value) => serde_json::from_str(value).map_err(|_| wrong(name, value)),
        }
    }
}

fn wrong(name: &str, value: &str) -> Failure {
    Failure::bad(format!("failed to parse query parameter '{name}': {value:?}"))
}

/// Takes `%41` for `A`; `None` when that is not text.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_the_last_counts() {
        let query = Query::parse("a=1&a=2&b=x%20y+z&c&filters=%7B%22id%22%3A%5B%22a%22%5D%7D").unwrap();
        assert_eq!((query.get("a"), query.get("b"), query.get("c")), (Some("2"), Some("x y z"), Some("")));
        assert_eq!(query.document::<serde_json::Value>("filters").unwrap()["id"][0], "a");
        assert!(query.only(&["a", "b", "filters"]).is_ok());
        assert!(query.only(&["a", "filters"]).is_err());
    }

    #[test]
    fn what_is_not_text_is_refused() {
        for text in ["a=%", "a=%4", "a=%zz", "a=%+1", "%ff=1"] {
            assert!(Query::parse(text).is_err(), "{text}");
        }
    }
}
