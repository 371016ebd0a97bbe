//! What a unit says: one key, in the several ways in which systemd reads a value.

use std::collections::BTreeMap;

use process::Result;

use super::{Line, Unit, words};

impl Unit {
    /// The last value, without the quotes around it.
    #[must_use]
    pub fn get(&self, group: &str, key: &str) -> Option<&str> {
        let value = self.last(group, key)?.trim_end();
        Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
    }

    /// The last value, unless it is empty.
    #[must_use]
    pub fn text(&self, group: &str, key: &str) -> Option<&str> {
        self.get(group, key).filter(|value| !value.is_empty())
    }

    /// The last value as it stands there.
    #[must_use]
    pub fn last(&self, group: &str, key: &str) -> Option<&str> {
        self.lines(group).rev().find_map(|line| line.value(key))
    }

    /// Whether it is on: `1`, `yes`, `true` or `on`.
    #[must_use]
    pub fn flag(&self, group: &str, key: &str) -> Option<bool> {
        let value = self.get(group, key)?;
        Some(["1", "yes", "true", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes)))
    }

    /// A number, decimal, octal (`0`) or hexadecimal (`0x`).
    #[must_use]
    pub fn number(&self, group: &str, key: &str) -> Option<u32> {
        let value = self.get(group, key)?;
        let value = value.strip_prefix('+').unwrap_or(value);
        let (digits, radix) = match value.strip_prefix("0x").or(value.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None if value.starts_with('0') => (value, 8),
            None => (value, 10),
        };
        u32::from_str_radix(digits, radix).ok()
    }

    /// All values. An empty one forgets those before it.
    #[must_use]
    pub fn all(&self, group: &str, key: &str) -> Vec<&str> {
        let mut values = Vec::new();
        for value in self.lines(group).filter_map(|line| line.value(key)) {
            if value.is_empty() {
                values.clear();
            } else {
                values.push(value);
            }
        }
        values
    }

    /// The words of all values, as lists; a value that is none is left out.
    #[must_use]
    pub fn lists(&self, group: &str, key: &str) -> Vec<String> {
        self.all(group, key).into_iter().filter_map(|value| words::list(value).ok()).flatten().collect()
    }

    /// The words of all values, as command lines; a value that is none is left out.
    #[must_use]
    pub fn arguments(&self, group: &str, key: &str) -> Vec<String> {
        self.all(group, key).into_iter().filter_map(|value| words::arguments(value).ok()).flatten().collect()
    }

    /// The words of the last value, as a command line.
    ///
    /// # Errors
    /// An escape that is not known.
    pub fn last_arguments(&self, group: &str, key: &str) -> Result<Option<Vec<String>>> {
        self.last(group, key).map(words::arguments).transpose()
    }

    /// All assignments, sorted by name, and what was wrong with the values that are left out.
    #[must_use]
    pub fn assignments(&self, group: &str, key: &str) -> (BTreeMap<String, Option<String>>, Vec<String>) {
        let (mut assignments, mut wrong) = (BTreeMap::new(), Vec::new());
        for value in self.all(group, key) {
            match words::arguments(value) {
                Ok(words) => assignments.extend(words.into_iter().map(|word| match word.split_once('=') {
                    Some((name, value)) => (name.to_string(), Some(value.to_string())),
                    None => (word, None),
                })),
                Err(error) => wrong.push(error.to_string()),
            }
        }
        (assignments, wrong)
    }

    /// The keys of a group, each once.
    #[must_use]
    pub fn keys(&self, group: &str) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for line in self.lines(group) {
            if let Line::Key(key, _) = line
                && !keys.contains(&key.as_str())
            {
                keys.push(key);
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_in_several_ways() {
        let unit = Unit::parse(
            "[A]\nX=1\nX=\nX=a \"b c\"\nX=d\nQ=\"quoted\"\nF=Yes\nN=010\nE=A=1 B\nE=\"A=2 3\" \\q\nE=\"A=2 3\"\n",
        );
        let unit = unit.unwrap();
        assert_eq!(unit.get("A", "Q"), Some("quoted"));
        assert_eq!(unit.get("A", "X"), Some("d"));
        assert_eq!(unit.all("A", "X"), ["a \"b c\"", "d"]);
        assert_eq!(unit.lists("A", "X"), ["a", "b c", "d"]);
        assert_eq!((unit.flag("A", "F"), unit.flag("A", "X"), unit.flag("A", "?")), (Some(true), Some(false), None));
        assert_eq!((unit.number("A", "N"), unit.number("A", "Q")), (Some(8), None));
        let (assignments, wrong) = unit.assignments("A", "E");
        assert_eq!(assignments, BTreeMap::from([("A".into(), Some("2 3".into())), ("B".into(), None)]));
        assert_eq!(wrong, ["unsupported escape char"]);
        assert_eq!(unit.keys("A"), ["X", "Q", "F", "N", "E"]);
    }
}
