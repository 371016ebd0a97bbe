//! JSON's values as YAML, the way Podman prints `info`.

use serde_json::Value;

/// The document.
#[must_use]
pub fn print(value: &Value) -> String {
    let mut out = String::new();
    node(value, 0, &mut out);
    out
}

fn node(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                out.push_str(&"  ".repeat(depth));
                out.push_str(&format!("{}:", scalar(key)));
                below(value, depth, out);
            }
        }
        Value::Array(list) => {
            for value in list {
                out.push_str(&"  ".repeat(depth));
                out.push('-');
                match value {
                    // The first key stands behind the dash, the others below it.
                    Value::Object(map) if !map.is_empty() => {
                        let start = out.len();
                        node(value, depth + 1, out);
                        out.replace_range(start..start + 2 * (depth + 1), " ");
                    }
                    _ => below(value, depth, out),
                }
            }
        }
        _ => below(value, depth, out),
    }
}

/// What stands behind a key or a dash.
fn below(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(map) if map.is_empty() => out.push_str(" {}\n"),
        Value::Array(list) if list.is_empty() => out.push_str(" []\n"),
        Value::Object(_) => {
            out.push('\n');
            node(value, depth + 1, out);
        }
        // A list is no deeper than its key.
        Value::Array(_) => {
            out.push('\n');
            node(value, depth, out);
        }
        Value::String(text) if text.contains('\n') => {
            out.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in text.lines() {
                out.push_str(&format!("{}{line}\n", "  ".repeat(depth + 1)));
            }
        }
        Value::String(text) => out.push_str(&format!(" {}\n", scalar(text))),
        other => out.push_str(&format!(" {other}\n")),
    }
}

/// A text of one line, in quotes where YAML would read something else out of it.
fn scalar(text: &str) -> String {
    let word = text.chars().all(|letter| letter.is_alphanumeric() || " -_./,()%+".contains(letter) || letter == ':');
    // 12 is a number, 0x1f too, and 2026-01-02 a day; 5.0.0 and 6.18.44 are not.
    let plain = |letter: char| letter == ' ' || letter.is_alphabetic() && !"abcdefoxtzABCDEFOXTZ".contains(letter);
    let number = text.starts_with(|first: char| first.is_ascii_digit())
        && !text.contains(plain)
        && text.matches('.').count() < 2;
    let odd = number
        || text.starts_with(|first: char| !first.is_alphanumeric() && first != '/')
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    match word && !odd && !text.is_empty() {
        true => text.to_string(),
        // JSON's strings are YAML's.
        false => Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_podman_prints() {
        let value = serde_json::json!({
            "arch": "amd64", "cpus": 2, "day": "2026-01-02", "empty": "", "list": ["a", "b"], "maps": [{"id": 0, "size": 1}, {"id": 1}], "more": "6.18.44-vm",
            "none": null, "nothing": {}, "off": false, "text": "one\ntwo", "version": "12", "word": "a: b", "yes": "no",
        });
        let expected = "arch: amd64\ncpus: 2\nday: \"2026-01-02\"\nempty: \"\"\nlist:\n- a\n- b\nmaps:\n- id: 0\n  size: 1\n- id: 1\nmore: 6.18.44-vm\nnone: null\n\
                        nothing: {}\n\"off\": false\ntext: |-\n  one\n  two\nversion: \"12\"\nword: \"a: b\"\n\"yes\": \"no\"\n";
        assert_eq!(print(&value), expected);
    }
}
