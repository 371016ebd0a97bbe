//! `printf`, as Go's package fmt does it: what does not fit is written down, it is no error.

use serde_json::Value;

use super::exec::Val;
use super::show::{exponent_form, general, is_struct, kind, show, write};

/// A wider column than this is a mistake (Go's own limit is a million).
const WIDEST: usize = 1 << 12;

#[derive(Default)]
struct Directive {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

pub(super) fn printf(format: &str, args: &[Val<'_>]) -> String {
    let mut out = String::new();
    let mut next = 0;
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut directive = Directive::default();
        while let Some(flag) = rest.next_if(|c| "+-# 0".contains(*c)) {
            match flag {
                '+' => directive.plus = true,
                '-' => directive.minus = true,
                '#' => directive.sharp = true,
                ' ' => directive.space = true,
                _ => directive.zero = true,
            }
        }
        let mut bad = None;
        let mut number = |rest: &mut std::iter::Peekable<std::str::Chars<'_>>, name| {
            let mut digits = String::new();
            if rest.next_if_eq(&'*').is_some() {
                let given = args.get(next).and_then(|value| value.as_i64());
                next += 1;
                digits = given.map_or("-".into(), |number| number.to_string());
            }
            while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            match digits.parse() {
                _ if digits.is_empty() => None,
                Ok(number) if number <= WIDEST => Some(number),
                _ => {
                    bad = Some(name);
                    None
                }
            }
        };
        directive.width = number(&mut rest, "%!(BADWIDTH)");
        if rest.next_if_eq(&'.').is_some() {
            directive.precision = Some(number(&mut rest, "%!(BADPREC)").unwrap_or(0));
        }
        out.push_str(bad.unwrap_or_default());
        match rest.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => {
                match args.get(next) {
                    Some(value) => out.push_str(&directive.pad(directive.show(verb, value), value)),
                    None => out.push_str(&format!("%!{verb}(MISSING)")),
                }
                next += 1;
            }
        }
    }
    if next < args.len() {
        let extra: Vec<String> = args[next..].iter().map(|value| format!("{}={}", kind(value), show(value))).collect();
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

impl Directive {
    fn show(&self, verb: char, value: &Value) -> String {
        match (verb, value) {
            ('T', value) => kind(value).into(),
            ('v', Value::Number(number)) if number.is_f64() => self.float('g', number.as_f64().unwrap_or(0.0)),
            ('v', Value::Number(_)) => self.integer(10, value, ""),
            ('v', value) if self.sharp => serde_json::to_string(value).unwrap_or_default(),
            ('v', Value::String(text)) => self.cut(text),
            ('v', value) => show(value),
            ('t', Value::Bool(_)) => show(value),
            ('s', Value::String(text)) => self.cut(text),
            ('q', Value::String(text)) => quoted(&self.cut(text)),
            ('x' | 'X', Value::String(text)) => text.bytes().map(|byte| hexadecimal(verb, byte.into())).collect(),
            ('s' | 'q', Value::Array(_) | Value::Object(_)) => {
                let mut out = String::new();
                write(&mut out, value, &|text| if verb == 'q' { quoted(text) } else { text.into() });
                out
            }
            ('d' | 'b' | 'o' | 'x' | 'X' | 'c' | 'q' | 'U', Value::Number(number)) if !number.is_f64() => {
                let character = || number.as_u64().and_then(|code| u32::try_from(code).ok()).and_then(char::from_u32);
                let character = || character().unwrap_or(char::REPLACEMENT_CHARACTER);
                match verb {
                    'd' => self.integer(10, value, ""),
                    'b' => self.integer(2, value, "0b"),
                    'o' => self.integer(8, value, "0"),
                    'x' => self.integer(16, value, "0x"),
                    'X' => self.integer(16, value, "0X").to_uppercase(),
                    'c' => character().to_string(),
                    'q' => format!("'{}'", character().escape_debug()),
                    _ => format!("U+{:04X}", number.as_i64().unwrap_or(0)),
                }
            }
            ('e' | 'E' | 'f' | 'F' | 'g' | 'G', Value::Number(number)) if number.is_f64() => {
                self.float(verb, number.as_f64().unwrap_or(0.0))
            }
            (verb, Value::Null) => format!("%!{verb}(<nil>)"),
            (verb, Value::Object(map)) if is_struct(map) => format!("%!{verb}({})", show(value)),
            (verb, value) => format!("%!{verb}({}={})", kind(value), show(value)),
        }
    }

    fn cut(&self, text: &str) -> String {
        text.chars().take(self.precision.unwrap_or(usize::MAX)).collect()
    }

    fn integer(&self, base: u8, value: &Value, prefix: &str) -> String {
        let number = value.as_i64().map_or_else(|| i128::from(value.as_u64().unwrap_or(0)), i128::from);
        let magnitude = number.unsigned_abs();
        let digits = match base {
            2 => format!("{magnitude:b}"),
            8 => format!("{magnitude:o}"),
            16 => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        let digits = format!("{}{digits:0>1$}", if self.sharp { prefix } else { "" }, self.precision.unwrap_or(0));
        self.signed(number < 0, digits)
    }

    fn float(&self, verb: char, number: f64) -> String {
        let magnitude = number.abs();
        let text = match verb {
            'f' | 'F' => format!("{magnitude:.*}", self.precision.unwrap_or(6)),
            'e' | 'E' => {
                let text = format!("{magnitude:.*e}", self.precision.unwrap_or(6));
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                exponent_form(mantissa, exponent.parse().unwrap_or(0))
            }
            _ => general(magnitude, self.precision),
        };
        self.signed(number < 0.0, if verb.is_uppercase() { text.to_uppercase() } else { text })
    }

    fn signed(&self, negative: bool, digits: String) -> String {
        match (negative, self.plus, self.space) {
            (true, ..) => format!("-{digits}"),
            (_, true, _) => format!("+{digits}"),
            (_, _, true) => format!(" {digits}"),
            _ => digits,
        }
    }

    fn pad(&self, text: String, value: &Value) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        if self.minus {
            return format!("{text}{}", " ".repeat(missing));
        }
        if !self.zero {
            return format!("{}{text}", " ".repeat(missing));
        }
        // Zeros come after the sign.
        let sign = usize::from(value.is_number() && text.starts_with(['-', '+', ' ']));
        format!("{}{}{}", &text[..sign], "0".repeat(missing), &text[sign..])
    }
}

fn hexadecimal(verb: char, byte: u32) -> String {
    if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") }
}

/// As strconv.Quote.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
