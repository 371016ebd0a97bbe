//! `system fetch IMAGE`: pulls an image for the service, and tells how far it is, a JSON document a line.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches};
use process::{Command, Error, Result};
use registry::{Options, Policy, Progress};
use serde_json::{Value, json};

/// The verb, which only the service uses: credentials come from standard input, where nobody else reads them.
pub const FETCH: Command = Command { name: "system fetch", about: "", define, run };

/// How often a layer's progress is told.
const OFTEN: Duration = Duration::from_millis(100);

fn define(command: clap::Command) -> clap::Command {
    images::root_argument(command)
        .arg(Arg::new("tls-verify").long("tls-verify").value_name("BOOL").value_parser(clap::value_parser!(bool)))
        .arg(Arg::new("policy").long("policy").value_parser(Policy::parse))
        .arg(Arg::new("image").required(true))
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    if let Some(status) = images::enter()? {
        return Ok(status);
    }
    let mut creds = String::new();
    io::stdin().read_to_string(&mut creds).map_err(|error| Error::os("read credentials", error))?;
    let options = Options {
        creds: Some(creds).filter(|creds| !creds.is_empty()),
        tls_verify: matches.get_one("tls-verify").copied(),
        ..Options::default()
    };
    let store = images::open_store(matches)?;
    let name = matches.get_one::<String>("image").map_or("", String::as_str);
    let before = store.find(name).ok();
    let policy = matches.get_one::<Policy>("policy").copied().unwrap_or(Policy::Always);
    let lines = Lines::default();
    let image = match registry::get(&store, name, policy, &options, &lines) {
        Ok(image) => image,
        Err(error) => {
            lines.write(&json!({ "errorDetail": { "message": error.to_string() }, "error": error.to_string() }));
            return Ok(1);
        }
    };
    let news = match before.is_some_and(|before| before.id == image.id) {
        true => "Image is up to date for",
        false => "Downloaded newer image for",
    };
    let full = image.names.iter().find(|full| full.ends_with(name)).map_or(name, String::as_str);
    lines.write(&json!({ "status": format!("Digest: {}", image.digest) }));
    lines.write(&json!({ "status": format!("Status: {news} {full}"), "id": image.id, "images": [image.id] }));
    Ok(0)
}

/// Writes what a pull tells.
#[derive(Default)]
struct Lines(Mutex<HashMap<String, Layer>>);

/// How much of a layer is here.
struct Layer {
    size: u64,
    count: u64,
    told: Instant,
}

impl Lines {
    /// One write a line: several threads tell.
    fn write(&self, line: &Value) {
        let mut text = line.to_string();
        text.push('\n');
        let _ = io::stdout().lock().write_all(text.as_bytes());
    }
}

/// Twelve digits, as Docker shows a layer.
fn short(digest: &str) -> &str {
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    hex.get(..12).unwrap_or(hex)
}

impl Progress for Lines {
    fn say(&self, line: &str) {
        self.write(&json!({ "status": line, "stream": format!("{line}\n") }));
    }

    fn begin(&self, digest: &str, size: u64) {
        let mut layers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        layers.insert(digest.to_string(), Layer { size, count: 0, told: Instant::now() });
        self.write(&json!({ "status": "Pulling fs layer", "progressDetail": {}, "id": short(digest) }));
    }

    fn grow(&self, digest: &str, count: u64) {
        let mut layers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(layer) = layers.get_mut(digest) else { return };
        layer.count += count;
        if layer.told.elapsed() >= OFTEN {
            layer.told = Instant::now();
            let detail = json!({ "current": layer.count, "total": layer.size });
            self.write(&json!({ "status": "Downloading", "progressDetail": detail, "id": short(digest) }));
        }
    }

    fn done(&self, digest: &str, skipped: bool) {
        let status = if skipped { "Already exists" } else { "Pull complete" };
        self.write(&json!({ "status": status, "progressDetail": {}, "id": short(digest) }));
    }
}
