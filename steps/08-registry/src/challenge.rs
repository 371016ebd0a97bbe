//! `WWW-Authenticate`: how a registry wants to be talked to. RFC 9110, section 11.6.1.

use std::collections::BTreeMap;

/// One scheme with its parameters, both in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenge {
    /// `basic`, `bearer`.
    pub scheme: String,
    /// `realm`, `service`, `scope`.
    pub parameters: BTreeMap<String, String>,
}

/// The challenges of a header; what is none ends the list.
pub fn parse(header: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = token(rest);
        if word.is_empty() {
            return challenges;
        }
        match after.trim_start().strip_prefix('=') {
            // A parameter of the last scheme.
            Some(value) => {
                let Some((value, after)) = quoted(value.trim_start()) else { return challenges };
                let Some(challenge) = challenges.last_mut() else { return challenges };
                challenge.parameters.entry(word.to_lowercase()).or_insert(value);
                rest = after;
            }
            None => {
                challenges.push(Challenge { scheme: word.to_lowercase(), ..Challenge::default() });
                rest = after;
            }
        }
    }
}

fn token(text: &str) -> (&str, &str) {
    let is_token = |character: char| character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
    text.split_at(text.find(|character| !is_token(character)).unwrap_or(text.len()))
}

/// A value, in quotes or not, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let Some(inner) = text.strip_prefix('"') else {
        let (word, after) = token(text);
        return Some((word.to_string(), after));
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, character) in inner.char_indices() {
        match character {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return inner.get(at + 1..).map(|after| (value, after)),
            _ => {
                value.push(character);
                escaped = false;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_told_apart() {
        let show = |header: &str| {
            parse(header)
                .iter()
                .map(|challenge| format!("{} {:?}", challenge.scheme, challenge.parameters))
                .collect::<Vec<_>>()
                .join("; ")
        };
        assert_eq!(show(r#"Basic realm="a \"b\", c""#), r#"basic {"realm": "a \"b\", c"}"#);
        assert_eq!(
            show(r#"Bearer realm="https://x/t",service=s , scope="r:a:pull,push", Basic realm=z"#),
            r#"bearer {"realm": "https://x/t", "scope": "r:a:pull,push", "service": "s"}; basic {"realm": "z"}"#
        );
        assert_eq!(show("Negotiate, Basic"), "negotiate {}; basic {}");
        assert_eq!(show(r#"Bearer realm="unfinished"#), "bearer {}");
        assert_eq!(show("=x"), "");
    }
}
