//! Programs that keep passwords: `docker-credential-NAME get|store|erase`, one JSON document in, one out.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use process::{Error, Result, code};
use serde::Deserialize;

use super::Credentials;

/// A person may have to unlock something.
const PATIENCE: Duration = Duration::from_secs(60);
const LIMIT: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// What the program knows of a registry.
///
/// # Errors
/// When it is not there, fails or hangs: nothing is guessed then.
pub fn get(name: &str, registry: &str) -> Result<Option<Credentials>> {
    let output = match run(name, "get", registry)? {
        Ok(output) => output,
        Err(words) if words.contains("credentials not found") => return Ok(None),
        Err(words) => return Err(failed(name, "get", &words)),
    };
    let found: Found = serde_json::from_str(&output).map_err(|_| failed(name, "get", "what it says is not JSON"))?;
    Ok(match found.username.as_str() {
        "" => None,
        // The helpers' protocol for a token instead of a password.
        "<token>" => Some(Credentials { identity: Some(found.secret), ..Credentials::new("", "") }),
        user => Some(Credentials::new(user, &found.secret)),
    })
}

/// Gives credentials to the program.
///
/// # Errors
/// When it is not there, fails or hangs.
pub fn store(name: &str, registry: &str, credentials: &Credentials) -> Result<()> {
    let document = serde_json::json!({
        "ServerURL": registry,
        "Username": credentials.user,
        "Secret": credentials.password,
    });
    run(name, "store", &document.to_string())?.map(drop).map_err(|words| failed(name, "store", &words))
}

/// Lets the program forget a registry.
///
/// # Errors
/// When it is not there, fails or hangs.
pub fn erase(name: &str, registry: &str) -> Result<()> {
    run(name, "erase", registry)?.map(drop).map_err(|words| failed(name, "erase", &words))
}

fn failed(name: &str, verb: &str, words: &str) -> Error {
    let first = crate::answer::plain(words.trim().lines().next().unwrap_or("it failed"));
    Error::because(format!("run docker-credential-{name} {verb}"), first).code(code::CREDENTIAL_HELPER)
}

/// Its output, or its words when it ends with an error.
fn run(name: &str, verb: &str, input: &str) -> Result<Result<String, String>> {
    let program = format!("docker-credential-{name}");
    if name.contains('/') {
        return Err(Error::new(format!("{program:?} is not the name of a program")).code(code::CREDENTIAL_HELPER));
    }
    let what = |error: std::io::Error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let error = Error::os(format!("run {program}"), error).code(code::CREDENTIAL_HELPER);
        if missing { error.hint("auth.json says that it keeps the passwords") } else { error }
    };
    let mut child = Command::new(&program)
        .arg(verb)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(what)?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may know what it wants to say without reading.
        let _ = stdin.write_all(input.as_bytes());
    }
    let stdout = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stdout.map(|stdout| stdout.take(LIMIT).read_to_string(&mut text));
        text
    });
    let start = Instant::now();
    let status = loop {
        match child.try_wait().map_err(what)? {
            Some(status) => break status,
            None if start.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(Error::because(format!("run {program} {verb}"), "it did not answer within a minute")
                    .code(code::CREDENTIAL_HELPER));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let text = reader.join().unwrap_or_default();
    Ok(if status.success() { Ok(text) } else { Err(text) })
}
