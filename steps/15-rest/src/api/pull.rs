//! Images from registries and from archives.

use std::process::Stdio;

use http_body_util::BodyExt;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::system::object;
use crate::answer::{self, Answer, Failure};
use crate::base64;
use crate::call::Call;
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    CREATE,
    Endpoint {
        path: "/libpod/images/pull",
        query: &[
            ("reference", "The image"),
            ("policy", "always, missing, newer or never"),
            ("quiet", "Only the id"),
            ("tlsVerify", "Whether certificates are checked"),
            ("compatMode", "Docker's form of progress"),
        ],
        handler: handler!(libpod),
        ..CREATE
    },
    LOAD,
    Endpoint { path: "/libpod/images/load", ..LOAD },
];

const CREATE: Endpoint = Endpoint {
    method: "POST",
    path: "/images/create",
    about: "Pulls an image; what happens is told, a JSON document a line",
    query: &[
        ("fromImage", "The image; without a registry it is Docker Hub's"),
        ("tag", "Its tag or digest"),
        ("platform", "Only this machine's"),
    ],
    body: None,
    answer: (200, Shape::Bytes("application/json")),
    others: &[(404, "The registry does not have it")],
    handler: handler!(docker),
};

const LOAD: Endpoint = Endpoint {
    path: "/images/load",
    about: "Images from an archive, which is the body",
    query: &[("quiet", "There is no progress")],
    body: Some(Shape::Bytes("application/x-tar")),
    answer: (200, Shape::Document(object)),
    others: &[],
    handler: handler!(load),
    ..CREATE
};

/// What a client sends about a registry, in base64.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Credentials {
    username: String,
    password: String,
    identitytoken: String,
}

/// `USER:PASSWORD`, from the header.
fn credentials(call: &Call) -> Result<String, Failure> {
    let wrong = || Failure::bad("failed to parse the header X-Registry-Auth");
    let Some(header) = call.headers.get("x-registry-auth") else { return Ok(String::new()) };
    let bytes = base64::decode(header.to_str().map_err(|_| wrong())?).ok_or_else(wrong)?;
    if bytes.is_empty() {
        return Ok(String::new());
    }
    let found: Credentials = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    if !found.identitytoken.is_empty() {
        return Err(Failure::absent("identity token in X-Registry-Auth"));
    }
    match found.username.is_empty() {
        true => Ok(String::new()),
        false => Ok(format!("{}:{}", found.username, found.password)),
    }
}

/// The full name that Docker's clients mean.
fn normalized(name: &str) -> String {
    let (first, rest) = name.split_once('/').map_or(("", name), |(first, rest)| (first, rest));
    let is_host = first.contains(['.', ':']) || first == "localhost";
    match (is_host, first) {
        (true, "index.docker.io") => format!("docker.io/{rest}"),
        (true, _) => name.to_string(),
        (false, "") => format!("docker.io/library/{name}"),
        (false, _) => format!("docker.io/{name}"),
    }
}

async fn docker(call: Call) -> Result<Answer, Failure> {
    super::create::platform(&call)?;
    let (name, tag) = (normalized(call.query.need("fromImage")?), call.query.get("tag").unwrap_or_default());
    let last = name.rsplit('/').next().unwrap_or_default();
    let name = match tag {
        "" if last.contains([':', '@']) => name,
        "" => format!("{name}:latest"),
        digest if digest.contains(':') => format!("{name}@{digest}"),
        tag => format!("{name}:{tag}"),
    };
    pull(call, name, Vec::new(), Some).await
}

async fn libpod(call: Call) -> Result<Answer, Failure> {
    let name = call.query.need("reference")?.trim_start_matches("docker://").to_string();
    let mut words = Vec::new();
    if call.query.get("tlsVerify").is_some() {
        words.push(format!("--tls-verify={}", call.query.flag("tlsVerify", true)?));
    }
    words.extend(
        call.query.get("policy").filter(|policy| !policy.is_empty()).map(|policy| format!("--policy={policy}")),
    );
    let (quiet, compat) = (call.query.flag("quiet", false)?, call.query.flag("compatMode", false)?);
    pull(call, name, words, move |line| {
        if compat {
            return Some(line);
        }
        match (line.get("images"), line.get("error"), line.get("stream")) {
            (Some(images), ..) => Some(json!({ "images": images, "id": line["id"] })),
            (_, Some(error), _) => Some(json!({ "error": error })),
            (.., Some(stream)) if !quiet => Some(json!({ "stream": stream })),
            _ => None,
        }
    })
    .await
}

/// Pulls by a process of ours, whose lines are the answer. One that has nothing but an error to tell is an error.
// ANCHOR: pull
async fn pull(
    call: Call,
    name: String,
    words: Vec<String>,
    form: impl Fn(Value) -> Option<Value> + Send + 'static,
) -> Result<Answer, Failure> {
    let failed = |error| Failure::because(StatusCode::INTERNAL_SERVER_ERROR, "start podling", error);
    let mut command = call.service.program.command(&["system", "fetch"]);
    command.args(words).arg("--").arg(&name).stdin(Stdio::piped()).kill_on_drop(true);
    let creds = credentials(&call)?;
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(creds.as_bytes()).await.map_err(failed)?;
    }
    let mut lines = BufReader::new(child.stdout.take().ok_or_else(|| Failure::bad("no output"))?).lines();
    let mut held = Vec::new();
    // Until a layer comes there may be an error, and an error has a status.
    loop {
        let line = lines.next_line().await.map_err(failed)?;
        let Some(line) = line.and_then(|line| serde_json::from_str::<Value>(&line).ok()) else {
            let output = child.wait_with_output().await.map_err(failed)?;
            return Err(crate::program::failure(&output));
        };
        if let Some(error) = line.get("error").and_then(Value::as_str) {
            return Err(Failure::new(StatusCode::NOT_FOUND, error));
        }
        let begun = line.get("id").is_some();
        held.push(line);
        if begun {
            break;
        }
    }
    let (pieces, answer) = answer::pieces("application/json");
    tokio::spawn(async move {
        let mut waiting = held.into_iter();
        loop {
            let line = match waiting.next() {
                Some(line) => line,
                None => match lines.next_line().await {
                    Ok(Some(text)) => serde_json::from_str(&text).unwrap_or_default(),
                    _ => break,
                },
            };
            if let Some(line) = form(line)
                && pieces.send(format!("{line}\r\n").into()).await.is_err()
            {
                break;
            }
        }
        // Not before its end: a client that has left ends it.
        drop(child);
    });
    Ok(answer)
}
// ANCHOR_END: pull

async fn load(mut call: Call) -> Result<Answer, Failure> {
    let failed = |error| Failure::because(StatusCode::INTERNAL_SERVER_ERROR, "start podling", error);
    let mut child =
        call.service.program.command(&["load"]).stdin(Stdio::piped()).kill_on_drop(true).spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    let body = call.body.take();
    let fed = async move {
        let (Some(mut stdin), Some(mut body)) = (stdin, body) else { return };
        while let Some(Ok(frame)) = body.frame().await {
            // It says itself what it does not like of the archive.
            if let Ok(bytes) = frame.into_data()
                && stdin.write_all(&bytes).await.is_err()
            {
                return;
            }
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), fed);
    let output = output.map_err(failed)?;
    if !output.status.success() {
        return Err(crate::program::failure(&output));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("Loaded image: ")).collect();
    match call.libpod {
        true => answer::ok(&json!({ "Names": names })),
        false => answer::ok(&json!({ "stream": text })),
    }
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn names_are_docker_hubs() {
        for (short, full) in [
            ("busybox", "docker.io/library/busybox"),
            ("a/b", "docker.io/a/b"),
            ("localhost/a", "localhost/a"),
            ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b"),
            ("quay.io/a", "quay.io/a"),
            ("index.docker.io/library/a", "docker.io/library/a"),
        ] {
            assert_eq!(normalized(short), full);
        }
    }
}
