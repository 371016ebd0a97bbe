//! Words of a template: text, and what stands between `{{` and `}}`.

/// What is wrong, and where (a byte of the text).
#[derive(Debug)]
pub(super) struct Fault {
    pub at: usize,
    pub words: String,
}

pub(super) fn fault<T>(at: usize, words: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { at, words: words.into() })
}

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    /// The words of an action, and where it begins and ends.
    Action(Vec<Token>, usize, usize),
}

/// A word inside of an action.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub kind: Kind,
    pub at: usize,
    /// As it was written.
    pub text: String,
    /// Whether a blank comes before it: `.A.B` is one operand, `.A .B` are two.
    pub apart: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Dot,
    /// `.Name`
    Field(String),
    /// `$`, `$name`
    Variable(String),
    /// A function, a keyword, `true`, `nil`.
    Word(String),
    Text(String),
    Integer(i64),
    Float(f64),
    Pipe,
    Declare,
    Assign,
    Open,
    Close,
    Comma,
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Takes a template apart.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, Fault> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut trim = false;
    loop {
        let rest = &text[at..];
        let open = rest.find("{{");
        let mut plain = &rest[..open.unwrap_or(rest.len())];
        if trim {
            plain = plain.trim_start_matches(BLANKS);
        }
        let Some(open) = open else {
            push(&mut pieces, plain);
            return Ok(pieces);
        };
        let begin = at + open;
        let mut inside = begin + 2;
        // The minus only trims when a blank follows: {{-3}} is a number.
        if text[inside..].starts_with('-') && text[inside + 1..].starts_with(BLANKS) {
            plain = plain.trim_end_matches(BLANKS);
            inside += 1;
        }
        push(&mut pieces, plain);
        let blank = text[inside..].len() - text[inside..].trim_start_matches(BLANKS).len();
        if text[inside + blank..].starts_with("/*") {
            (at, trim) = comment(text, inside + blank)?;
            continue;
        }
        let mut lexer = Lexer { text, at: inside, tokens: Vec::new() };
        trim = lexer.action(begin)?;
        at = lexer.at;
        pieces.push(Piece::Action(lexer.tokens, begin, at));
    }
}

fn push(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.into()));
    }
}

/// Where the text goes on after a comment, and whether it is trimmed there.
fn comment(text: &str, at: usize) -> Result<(usize, bool), Fault> {
    let Some(end) = text[at..].find("*/") else { return fault(at, "unclosed comment") };
    let end = at + end + 2;
    let rest = &text[end..];
    let trimmed = rest.trim_start_matches(BLANKS);
    if rest.starts_with("}}") {
        Ok((end + 2, false))
    } else if trimmed.len() < rest.len() && trimmed.starts_with("-}}") {
        Ok((end + rest.len() - trimmed.len() + 3, true))
    } else {
        fault(at, "comment ends before closing delimiter")
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Reads up to and with the end of the action; whether the text after it is trimmed.
    fn action(&mut self, begin: usize) -> Result<bool, Fault> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(BLANKS);
            let apart = trimmed.len() < rest.len();
            self.at += rest.len() - trimmed.len();
            if apart && self.rest().starts_with("-}}") {
                self.at += 3;
                return Ok(true);
            }
            if self.rest().starts_with("}}") {
                self.at += 2;
                return Ok(false);
            }
            let at = self.at;
            if self.rest().is_empty() {
                return fault(begin, "unclosed action");
            }
            let kind = self.token()?;
            self.tokens.push(Token { kind, at, apart, text: self.text[at..self.at].to_string() });
        }
    }

    fn token(&mut self) -> Result<Kind, Fault> {
        let at = self.at;
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or_default();
        let second = rest[first.len_utf8()..].chars().next().unwrap_or_default();
        let simple = match first {
            '|' => Some((1, Kind::Pipe)),
            '(' => Some((1, Kind::Open)),
            ')' => Some((1, Kind::Close)),
            ',' => Some((1, Kind::Comma)),
            ':' if second == '=' => Some((2, Kind::Declare)),
            '=' => Some((1, Kind::Assign)),
            _ => None,
        };
        if let Some((length, kind)) = simple {
            self.at += length;
            return Ok(kind);
        }
        match first {
            ':' => fault(at, "expected :="),
            '"' | '\'' => self.quoted(first),
            '`' => {
                let Some(end) = rest[1..].find('`') else { return fault(at, "unterminated raw quoted string") };
                let text = rest[1..=end].replace('\r', "");
                self.at += end + 2;
                Ok(Kind::Text(text))
            }
            '.' if !second.is_ascii_digit() => {
                let name = self.name(1);
                self.end_of_word()?;
                Ok(if name.is_empty() { Kind::Dot } else { Kind::Field(name) })
            }
            '$' => {
                let name = format!("${}", self.name(1));
                self.end_of_word()?;
                Ok(Kind::Variable(name))
            }
            '+' | '-' | '.' | '0'..='9' => self.number(),
            first if is_name(first) => {
                let word = self.name(0);
                self.end_of_word()?;
                Ok(Kind::Word(word))
            }
            first => fault(at, format!("unexpected {:?} in command", first.to_string())),
        }
    }

    /// The letters and digits after `skip` bytes.
    fn name(&mut self, skip: usize) -> String {
        let rest = &self.rest()[skip..];
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let name = rest[..length].to_string();
        self.at += skip + length;
        name
    }

    fn end_of_word(&self) -> Result<(), Fault> {
        match self.rest().chars().next() {
            None => Ok(()),
            Some(c) if BLANKS.contains(&c) || ".,|:()=".contains(c) || self.rest().starts_with("}}") => Ok(()),
            Some(c) => fault(self.at, format!("bad character U+{:04X} '{c}'", u32::from(c))),
        }
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        let rest = self.rest();
        let mut before = ' ';
        let length = rest
            .find(|c: char| {
                let sign = matches!(c, '+' | '-') && (before == ' ' || "eEpP".contains(before));
                before = c;
                !(sign || c == '.' || is_name(c))
            })
            .unwrap_or(rest.len());
        let text = rest[..length].to_string();
        let at = self.at;
        self.at += length;
        self.end_of_word()?;
        let plain = text.replace('_', "").to_ascii_lowercase();
        let (sign, digits) = match plain.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, plain.trim_start_matches('+')),
        };
        let radix = |digits: &str| match digits.get(..2) {
            Some("0x") => i64::from_str_radix(&digits[2..], 16).ok(),
            Some("0o") => i64::from_str_radix(&digits[2..], 8).ok(),
            Some("0b") => i64::from_str_radix(&digits[2..], 2).ok(),
            Some(_) if digits.starts_with('0') && !digits.contains(['.', 'e']) => i64::from_str_radix(digits, 8).ok(),
            _ if digits.starts_with(|c: char| c.is_ascii_digit()) => digits.parse().ok(),
            _ => None,
        };
        if let Some(number) = radix(digits).and_then(|number| number.checked_mul(sign)) {
            return Ok(Kind::Integer(number));
        }
        let float = digits.starts_with(|c: char| c == '.' || c.is_ascii_digit()).then(|| plain.parse::<f64>().ok());
        match float.flatten().filter(|number| number.is_finite()) {
            Some(number) => Ok(Kind::Float(number)),
            None => fault(at, format!("bad number syntax: {text:?}")),
        }
    }

    /// A string, or the number of a character.
    fn quoted(&mut self, quote: char) -> Result<Kind, Fault> {
        let begin = self.at;
        let unterminated = || {
            fault(begin, if quote == '"' { "unterminated quoted string" } else { "unterminated character constant" })
        };
        let invalid = |_| Fault { at: begin, words: "invalid syntax".into() };
        let mut text: Vec<u8> = Vec::new();
        let mut count = 0;
        self.at += 1;
        loop {
            let Some(c) = self.rest().chars().next().filter(|c| *c != '\n') else { return unterminated() };
            self.at += c.len_utf8();
            match c {
                c if c == quote => break,
                '\\' if self.rest().is_empty() => return unterminated(),
                '\\' => self.escape(quote, &mut text).ok_or(()).map_err(invalid)?,
                c => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            count += 1;
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        match (quote, text.chars().next()) {
            ('"', _) => Ok(Kind::Text(text)),
            (_, Some(c)) if count == 1 => Ok(Kind::Integer(i64::from(u32::from(c)))),
            _ => fault(begin, format!("malformed character constant: {}", &self.text[begin..self.at])),
        }
    }

    /// What follows a backslash, as in Go (strconv.UnquoteChar).
    fn escape(&mut self, quote: char, text: &mut Vec<u8>) -> Option<()> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        let simple = match c {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            '\\' => b'\\',
            c if c == quote => u8::try_from(c).ok()?,
            'x' => u8::try_from(self.digits(2, 16)?).ok()?,
            '0'..='7' => {
                self.at -= 1;
                u8::try_from(self.digits(3, 8)?).ok()?
            }
            'u' | 'U' => {
                let code = char::from_u32(self.digits(if c == 'u' { 4 } else { 8 }, 16)?)?;
                text.extend_from_slice(code.encode_utf8(&mut [0; 4]).as_bytes());
                return Some(());
            }
            _ => return None,
        };
        text.push(simple);
        Some(())
    }

    fn digits(&mut self, count: usize, radix: u32) -> Option<u32> {
        let digits = self.rest().get(..count)?;
        let number = digits.chars().all(|c| c.is_digit(radix)).then(|| u32::from_str_radix(digits, radix).ok())??;
        self.at += count;
        Some(number)
    }
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
