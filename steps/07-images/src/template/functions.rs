//! The functions of a template: Go's own, and those that Podman and docker add.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::exec::Val;
use super::printf::printf;
use super::show::{compare, equal, is_true, kind, show};

/// What is wrong with a call.
#[derive(Debug)]
pub(super) enum Fault {
    /// The number of arguments.
    Count(String),
    /// The type of one of them.
    Argument(usize, String),
    /// What the function itself says.
    Call(String),
}

type Answer<'a> = Result<Val<'a>, Fault>;

/// The name, and how few and how many arguments it takes.
const FUNCTIONS: [(&str, usize, usize); 29] = [
    ("and", 1, usize::MAX),
    ("eq", 1, usize::MAX),
    ("ge", 2, 2),
    ("gt", 2, 2),
    ("html", 0, usize::MAX),
    ("index", 1, usize::MAX),
    ("join", 2, 2),
    ("js", 0, usize::MAX),
    ("json", 1, 1),
    ("le", 2, 2),
    ("len", 1, 1),
    ("lower", 1, 1),
    ("lt", 2, 2),
    ("ne", 2, 2),
    ("not", 1, 1),
    ("or", 1, usize::MAX),
    ("pad", 3, 3),
    ("print", 0, usize::MAX),
    ("printf", 1, usize::MAX),
    ("println", 0, usize::MAX),
    ("slice", 1, 4),
    ("split", 2, 2),
    ("title", 1, 1),
    ("truncate", 2, 2),
    ("upper", 1, 1),
    ("urlquery", 0, usize::MAX),
    // What docker's own documentation uses of sprig's.
    ("contains", 2, 2),
    ("hasPrefix", 2, 2),
    ("hasSuffix", 2, 2),
];

pub(super) fn is_known(name: &str) -> bool {
    FUNCTIONS.iter().any(|(known, ..)| *known == name)
}

/// Calls one.
pub(super) fn call<'a>(name: &str, mut args: Vec<Val<'a>>) -> Answer<'a> {
    let count = args.len();
    let (least, most) =
        FUNCTIONS.iter().find(|(known, ..)| *known == name).map_or((0, 0), |(_, least, most)| (*least, *most));
    if count < least || count > most {
        let want = if most == usize::MAX { format!("at least {least}") } else { least.to_string() };
        return Err(Fault::Count(format!("wrong number of args for {name}: want {want} got {count}")));
    }
    let text = |index: usize| match &*args[index] {
        Value::String(text) => Ok(text.as_str()),
        other => Err(wrong_type(index, "string", other)),
    };
    let string = |text: String| Ok(Cow::Owned(Value::String(text)));
    let truth = |value: bool| Ok(Cow::Owned(Value::Bool(value)));
    let call = |words: &str| Fault::Call(words.into());
    let order = || compare(&args[0], &args[1]).map_err(call);
    match name {
        // The last one decides: those before it did not.
        "and" | "or" => Ok(args.pop().unwrap_or_default()),
        "not" => truth(!is_true(&args[0])),
        "eq" if count < 2 => Err(call("missing argument for comparison")),
        "eq" => {
            let mut found = false;
            for other in &args[1..] {
                found = found || equal(&args[0], other).map_err(call)?;
            }
            truth(found)
        }
        "ne" => truth(!equal(&args[0], &args[1]).map_err(call)?),
        "lt" => truth(order()? == Ordering::Less),
        "le" => truth(order()? != Ordering::Greater),
        "gt" => truth(order()? == Ordering::Greater),
        "ge" => truth(order()? != Ordering::Less),
        "len" => length(&args[0]),
        "index" => index(args),
        "slice" => slice(&args),
        "print" => string(print(&args)),
        "println" => string(format!("{}\n", args.iter().map(|value| show(value)).collect::<Vec<_>>().join(" "))),
        "printf" => string(printf(text(0)?, &args[1..])),
        "html" => string(print(&args).chars().map(html).collect()),
        "js" => string(print(&args).chars().map(js).collect()),
        "urlquery" => string(print(&args).bytes().map(query).collect()),
        "json" => string(serde_json::to_string(&args[0]).unwrap_or_default()),
        "join" => match &*args[0] {
            Value::Array(list) => string(list.iter().map(show).collect::<Vec<_>>().join(text(1)?)),
            Value::Null => string(String::new()),
            other => Err(wrong_type(0, "[]string", other)),
        },
        "split" => {
            let parts: Vec<Value> = match text(1)? {
                // Rust's split by nothing gives two more.
                "" => text(0)?.chars().map(|c| c.to_string().into()).collect(),
                by => text(0)?.split(by).map(Value::from).collect(),
            };
            Ok(Cow::Owned(parts.into()))
        }
        "lower" => string(text(0)?.to_lowercase()),
        "upper" => string(text(0)?.to_uppercase()),
        "title" => string(title(text(0)?)),
        "truncate" => string(text(0)?.chars().take(size(1, &args[1])?).collect()),
        "pad" => match text(0)? {
            "" => string(String::new()),
            text => string(format!("{}{text}{}", blanks(1, &args[1])?, blanks(2, &args[2])?)),
        },
        "contains" => truth(text(0)?.contains(text(1)?)),
        "hasPrefix" => truth(text(0)?.starts_with(text(1)?)),
        "hasSuffix" => truth(text(0)?.ends_with(text(1)?)),
        _ => Err(Fault::Count(format!("{name:?} is not a defined function"))),
    }
}

/// As fmt.Sprint: a blank between two that are not strings.
fn print(args: &[Val<'_>]) -> String {
    let mut out = String::new();
    for (index, value) in args.iter().enumerate() {
        if index > 0 && !value.is_string() && !args[index - 1].is_string() {
            out.push(' ');
        }
        out += &show(value);
    }
    out
}

fn length<'a>(value: &Value) -> Answer<'a> {
    let length = match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len(),
        Value::Null => return Err(Fault::Call("len of nil pointer".into())),
        other => return Err(Fault::Call(format!("len of type {}", kind(other)))),
    };
    Ok(Cow::Owned(length.into()))
}

fn index(args: Vec<Val<'_>>) -> Answer<'_> {
    let mut args = args.into_iter();
    let mut value = args.next().unwrap_or_default();
    for key in args {
        let found = match (&*value, &*key) {
            // A map that lacks the key has its zero value there, which for Podman's maps is an empty string.
            (Value::Object(map), Value::String(key)) => map.get(key).cloned().unwrap_or_else(|| Value::from("")),
            (Value::Array(list), key) => list[position(key, list.len())?].clone(),
            (Value::String(text), key) => text.as_bytes()[position(key, text.len())?].into(),
            (Value::Null, _) => return Err(Fault::Call("index of untyped nil".into())),
            (Value::Object(_), key) => {
                return Err(Fault::Call(format!("value has type {}; should be string", kind(key))));
            }
            (other, _) => return Err(Fault::Call(format!("can't index item of type {}", kind(other)))),
        };
        value = Cow::Owned(found);
    }
    Ok(value)
}

/// A number below `length`.
fn position(key: &Value, length: usize) -> Result<usize, Fault> {
    let place = number(key)?;
    match usize::try_from(place) {
        Ok(place) if place < length => Ok(place),
        _ => Err(Fault::Call(format!("index out of range: {place}"))),
    }
}

fn number(value: &Value) -> Result<i64, Fault> {
    value.as_i64().ok_or_else(|| Fault::Call(format!("cannot index slice/array with type {}", kind(value))))
}

fn slice<'a>(args: &[Val<'a>]) -> Answer<'a> {
    let length = match &*args[0] {
        Value::String(_) if args.len() > 3 => return Err(Fault::Call("cannot 3-index slice a string".into())),
        Value::String(text) => text.len(),
        Value::Array(list) => list.len(),
        other => return Err(Fault::Call(format!("can't slice item of type {}", kind(other)))),
    };
    let mut ends = [0, length, length];
    for (end, key) in ends.iter_mut().zip(&args[1..]) {
        *end = match usize::try_from(number(key)?) {
            Ok(place) if place <= length => place,
            _ => return Err(Fault::Call(format!("index out of range: {}", show(key)))),
        };
    }
    let [from, to, _] = ends;
    if from > to {
        return Err(Fault::Call(format!("invalid slice index: {from} > {to}")));
    }
    Ok(Cow::Owned(match &*args[0] {
        // Bytes, as in Go: half a character is shown as such.
        Value::String(text) => String::from_utf8_lossy(&text.as_bytes()[from..to]).into(),
        Value::Array(list) => list[from..to].into(),
        _ => Value::Null,
    }))
}

/// A count; no terminal is wide enough for a larger one than this.
fn size(index: usize, value: &Value) -> Result<usize, Fault> {
    let number = value.as_i64().ok_or_else(|| wrong_type(index, "int", value))?;
    Ok(usize::try_from(number.clamp(0, 1 << 20)).unwrap_or(0))
}

fn blanks(index: usize, value: &Value) -> Result<String, Fault> {
    Ok(" ".repeat(size(index, value)?))
}

fn wrong_type(index: usize, expected: &str, value: &Value) -> Fault {
    Fault::Argument(index, format!("wrong type for value; expected {expected}; got {}", kind(value)))
}

/// The first letter of each word as a capital.
fn title(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for c in text.chars() {
        match inside {
            true => out.push(c),
            false => out.extend(c.to_uppercase()),
        }
        inside = c.is_alphanumeric() || c == '_' || c == '\'';
    }
    out
}

fn html(c: char) -> Cow<'static, str> {
    match c {
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '&' => "&amp;".into(),
        '"' => "&#34;".into(),
        '\'' => "&#39;".into(),
        '\0' => "\u{FFFD}".into(),
        c => c.to_string().into(),
    }
}

fn js(c: char) -> String {
    match c {
        '\\' | '\'' | '"' => format!("\\{c}"),
        '<' | '>' | '&' | '=' | '\0'..=' ' if c != ' ' => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    }
}

fn query(byte: u8) -> String {
    match byte {
        b' ' => "+".into(),
        b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    }
}
