//! What a registry says when it says no.

use std::io::Read;

use process::{Error, code};
use serde::Deserialize;

use crate::http::{Answer, Failure};

/// Errors are short.
const LIMIT: u64 = 64 << 10;

/// OCI distribution spec, "Error Codes".
#[derive(Deserialize)]
struct Document {
    errors: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The answer, if its status is one of `wanted`; else what it says.
///
/// # Errors
/// The registry's.
pub fn expect(answer: Answer, wanted: &[u16]) -> Result<Answer, Failure> {
    match wanted.contains(&answer.status().as_u16()) {
        true => Ok(answer),
        false => Err(refusal(answer)),
    }
}

/// The error that an answer is.
pub fn refusal(answer: Answer) -> Failure {
    let status = answer.status();
    let again = matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504);
    let mut bytes = Vec::new();
    let _ = answer.into_body().into_reader().take(LIMIT).read_to_end(&mut bytes);
    let words = match serde_json::from_slice::<Document>(&bytes) {
        Ok(document) if !document.errors.is_empty() => {
            document.errors.iter().map(describe).collect::<Vec<_>>().join(", ")
        }
        _ if status.as_u16() == 401 => "unauthorized: authentication required".to_string(),
        _ => format!("received unexpected HTTP status: {status}"),
    };
    let code = match status.as_u16() {
        401 | 403 => code::UNAUTHORIZED,
        404 => code::NO_MANIFEST,
        429 => code::TOO_MANY_REQUESTS,
        408 | 500..=599 => code::REGISTRY_FAILED,
        _ => code::BAD_ANSWER,
    };
    Failure { error: Error::new(words).code(code), again }
}

/// `MANIFEST_UNKNOWN` in small letters, and the message where it says more.
fn describe(item: &Item) -> String {
    let code = plain(&item.code).to_lowercase().replace('_', " ");
    let message = plain(&item.message);
    match message.is_empty() || message == code {
        true => code,
        false => format!("{code}: {message}"),
    }
}

/// Text of a stranger, fit for a terminal: one line, no control characters, not long.
pub fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(300).collect()
}
