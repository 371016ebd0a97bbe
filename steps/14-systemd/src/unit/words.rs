//! Words as systemd reads and writes them (systemd.syntax(7), "Quoting" in systemd.service(5)).

use process::{Error, Result, code};

/// What a backslash means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    /// Itself: in lists of unit names, of devices, of capabilities.
    Literal,
    /// The beginning of a C escape: in command lines, in assignments.
    Escape,
}

/// Splits a list: quotes keep blanks together, a backslash is itself.
///
/// # Errors
/// A quote that does not end.
pub fn list(text: &str) -> Result<Vec<String>> {
    split(text, Backslash::Literal)
}

/// Splits a command line or assignments: quotes keep blanks together, C escapes are replaced. A quote that does not end
/// goes on to the end, and a backslash at the end is dropped.
///
/// # Errors
/// An escape that is not known, or that makes something else than UTF-8.
pub fn arguments(text: &str) -> Result<Vec<String>> {
    split(text, Backslash::Escape)
}

// ANCHOR: split
fn split(text: &str, backslash: Backslash) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (*byte, quote) {
            (b'\\', _) if backslash == Backslash::Escape => {
                if tail.is_empty() {
                    break;
                }
                let length = unescape(tail, word.get_or_insert_default())?;
                rest = &tail[length..];
            }
            (byte, Some(open)) if byte == open => quote = None,
            (byte @ (b'"' | b'\''), None) => {
                // An empty pair of quotes is a word as well.
                word.get_or_insert_default();
                quote = Some(byte);
            }
            (b' ' | b'\t' | b'\n' | b'\r', None) => words.extend(word.take()),
            (byte, _) => word.get_or_insert_default().push(byte),
        }
    }
    if quote.is_some() && backslash == Backslash::Literal {
        return Err(Error::new("unbalanced quotes").code(code::BAD_UNIT));
    }
    words.extend(word);
    words
        .into_iter()
        .map(|word| String::from_utf8(word).map_err(|_| Error::new("an escape is not UTF-8").code(code::BAD_UNIT)))
        .collect()
}
// ANCHOR_END: split

/// Replaces the escape at the beginning of `text` (the backslash is gone already); returns its length.
fn unescape(text: &[u8], word: &mut Vec<u8>) -> Result<usize> {
    let unknown = || Error::new("unsupported escape char").code(code::BAD_UNIT);
    let digits = |from: usize, count: usize, radix: u32| {
        let digits = text.get(from..from + count).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        // A zero byte would end the argument.
        digits.and_then(|digits| u32::from_str_radix(digits, radix).ok()).filter(|code| *code != 0)
    };
    let mut character = |code: Option<u32>, length| {
        let character = code.and_then(char::from_u32).ok_or_else(unknown)?;
        word.extend(character.encode_utf8(&mut [0; 4]).bytes());
        Ok(length)
    };
    let byte = match text[0] {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b's' => b' ',
        byte @ (b'\\' | b'"' | b'\'') => byte,
        b'u' => return character(digits(1, 4, 16), 5),
        b'U' => return character(digits(1, 8, 16), 9),
        b'x' | b'0'..=b'7' => {
            let (from, count, radix) = if text[0] == b'x' { (1, 2, 16) } else { (0, 3, 8) };
            let byte = digits(from, count, radix).and_then(|code| u8::try_from(code).ok());
            word.push(byte.ok_or_else(unknown)?);
            return Ok(3);
        }
        _ => return Err(unknown()),
    };
    word.push(byte);
    Ok(1)
}

// ANCHOR: quote
/// A word as a command line of a unit needs it, so that systemd reads the same word again. A `%` and a `$` stay: they are
/// systemd's to replace.
#[must_use]
pub fn quote(word: &str) -> String {
    quote_with(word, "\\x20")
}

/// The same with blanks as they are: a person can read it, systemd too.
#[must_use]
pub fn quote_readably(word: &str) -> String {
    quote_with(word, " ")
}

fn quote_with(word: &str, blank: &str) -> String {
    let special = |c: char| c.is_ascii() && (c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\\'));
    if !word.is_empty() && word != ";" && !word.contains(special) {
        return word.to_string();
    }
    let mut quoted = String::from('"');
    for c in word.chars() {
        match c {
            '\x07' => quoted += "\\a",
            '\x08' => quoted += "\\b",
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            '\x0b' => quoted += "\\v",
            '\x0c' => quoted += "\\f",
            '\\' => quoted += "\\\\",
            '"' => quoted += "\\\"",
            '\'' => quoted.push('\''),
            ' ' => quoted += blank,
            c if special(c) => quoted += &format!("\\x{:02x}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
// ANCHOR_END: quote

/// A command line: its words, each quoted when it has to be.
#[must_use]
pub fn join<S: AsRef<str>>(words: &[S]) -> String {
    words.iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read_as_systemd_reads_them() {
        let cases: [(&str, &[&str]); 9] = [
            (r#"one "two three" four"#, &["one", "two three", "four"]),
            (r#"a"b c"d '' e"#, &["ab cd", "", "e"]),
            (r"\110ello\x20W\u00f6rld\s!", &["Hello Wörld !"]),
            (r"\xc3\xa4", &["ä"]),
            (r#""not ended"#, &["not ended"]),
            (r"end\", &["end"]),
            (r#"'a"b' "a'b""#, &["a\"b", "a'b"]),
            ("  \t ", &[]),
            (r"%n $HOME $$ ;", &["%n", "$HOME", "$$", ";"]),
        ];
        for (text, words) in cases {
            assert_eq!(arguments(text).unwrap(), words, "{text}");
        }
        for bad in [r"\q", r"\x0", r"\x00", r"\777", r"\ud800", r"\u+0fa", r"\xff"] {
            assert!(arguments(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn in_a_list_a_backslash_is_itself() {
        assert_eq!(list(r#"dev-sda\x2d1.device "a b""#).unwrap(), [r"dev-sda\x2d1.device", "a b"]);
        assert!(list("'a b").is_err());
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        for word in ["", " ", ";", "a b", "it's", "\"", "\\", "a\nb\t", "\x07\x1b", "ä ö", "%i", "$HOME", "a=b", "'"]
        {
            assert_eq!(arguments(&quote(word)).unwrap(), [word]);
        }
        assert_eq!(join(&["a", "b c"]), r#"a "b\x20c""#);
    }
}
