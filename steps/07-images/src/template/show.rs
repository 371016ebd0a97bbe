//! JSON as Go prints it (`%v`), and what is true of it.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// Whether an object stands for a Go struct: all of its keys begin with a capital.
pub(super) fn is_struct(map: &Map<String, Value>) -> bool {
    !map.is_empty() && map.keys().all(|key| key.starts_with(char::is_uppercase))
}

/// Whether `if` takes it: anything but zero and what is empty.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// The name of its type in Go.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(map) if is_struct(map) => "struct",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// As `%v`: `[a b]`, `map[k:v]`, `{v w}`.
pub(super) fn show(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, &|text| text.to_string());
    out
}

/// The same, with the strings in it written by `text`.
pub(super) fn write(out: &mut String, value: &Value, text: &dyn Fn(&str) -> String) {
    let mut list = |values: &mut dyn Iterator<Item = (Option<&String>, &Value)>, open: &str, close: char| {
        out.push_str(open);
        for (index, (key, value)) in values.enumerate() {
            if index > 0 {
                out.push(' ');
            }
            if let Some(key) = key {
                out.push_str(&text(key));
                out.push(':');
            }
            write(out, value, text);
        }
        out.push(close);
    };
    match value {
        Value::Array(values) => list(&mut values.iter().map(|value| (None, value)), "[", ']'),
        Value::Object(map) if is_struct(map) => list(&mut map.values().map(|value| (None, value)), "{", '}'),
        Value::Object(map) => list(&mut map.iter().map(|(key, value)| (Some(key), value)), "map[", ']'),
        Value::Null => out.push_str("<nil>"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => out.push_str(&general(float, None)),
            None => out.push_str(&number.to_string()),
        },
        Value::String(value) => out.push_str(&text(value)),
    }
}

/// As `%g`: an exponent only where Go writes one.
pub(super) fn general(number: f64, precision: Option<usize>) -> String {
    let scientific = match precision {
        Some(digits) => format!("{number:.*e}", digits.max(1) - 1),
        None => format!("{number:e}"),
    };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let limit = precision.map_or(6, |digits| i32::try_from(digits.max(1)).unwrap_or(i32::MAX));
    let trim = |text: &str| match text.contains('.') && precision.is_some() {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text.to_string(),
    };
    if exponent < -4 || exponent >= limit {
        return exponent_form(&trim(mantissa), exponent);
    }
    match precision {
        None => format!("{number}"),
        Some(_) => {
            let decimals = usize::try_from(limit - 1 - exponent).unwrap_or(0);
            trim(&format!("{number:.decimals$}"))
        }
    }
}

/// `1e+06`: at least two digits, and always a sign.
pub(super) fn exponent_form(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// Compares what can be compared; else Go's words for it.
pub(super) fn compare(a: &Value, b: &Value) -> Result<Ordering, &'static str> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Ok(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) if a.is_f64() == b.is_f64() => {
            let exact = (a.as_i128(), b.as_i128());
            match exact {
                (Some(a), Some(b)) => Ok(a.cmp(&b)),
                _ => a.as_f64().partial_cmp(&b.as_f64()).ok_or("invalid type for comparison"),
            }
        }
        (Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_), _) => Err("invalid type for comparison"),
        _ => Err("incompatible types for comparison"),
    }
}

/// As `eq`.
pub(super) fn equal(a: &Value, b: &Value) -> Result<bool, &'static str> {
    match (a, b) {
        (Value::Array(_) | Value::Object(_), Value::Null) | (Value::Null, _) | (_, Value::Null) => {
            Ok(a.is_null() && b.is_null())
        }
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Bool(_), _) => Err("incompatible types for comparison"),
        _ => compare(a, b).map(Ordering::is_eq),
    }
}
