//! What a document says besides.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::Failure;

/// The fields of a document that nobody looks at. Clients send all the fields they know, most of them empty: those ask
/// for nothing. One that is not empty is refused, so that nobody believes in a limit that is not there.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Rest(Map<String, Value>);

impl Rest {
    // ANCHOR: rest
    /// Refuses what is asked for; `but` are the values that say what happens anyway.
    pub fn refuse(&self, place: &str, but: &[(&str, &[&str])]) -> Result<(), Failure> {
        for (name, value) in &self.0 {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
            let harmless = but
                .iter()
                .any(|(known, values)| known == name && (values.is_empty() || values.contains(&text.as_str())));
            if !harmless && !is_nothing(value) {
                return Err(Failure::absent(format!("{place}{name} ({value})")));
            }
        }
        Ok(())
    }
    // ANCHOR_END: rest
}

/// Whether a value asks for nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.iter().all(is_nothing),
        Value::Object(fields) => fields.values().all(is_nothing),
    }
}
