//! What a container wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::{Wanted, times};
use monitor::log::Entry;

use super::containers::find;
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::frames::{Stream, frame};
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[LOGS, Endpoint { path: "/libpod/containers/{name}/logs", ..LOGS }];

const LOGS: Endpoint = Endpoint {
    method: "GET",
    path: "/containers/{name}/logs",
    about: "What a container wrote, a line a frame; without frames when it has a terminal",
    query: &[
        ("follow", "Go on until it ends"),
        ("stdout", "Its standard output"),
        ("stderr", "Its standard error"),
        ("since", "Only what was written after it: seconds since 1970, a time, or how long ago"),
        ("until", "Only what was written before it"),
        ("timestamps", "Say when"),
        ("tail", "Only so many lines, or all"),
        ("details", "There are none"),
    ],
    body: None,
    answer: (200, Shape::Bytes("application/vnd.docker.multiplexed-stream")),
    others: &[(400, "No stream is asked for"), (404, "There is no such container")],
    handler: handler!(logs),
};

async fn logs(call: Call) -> Result<Answer, Failure> {
    let (out, err) = (call.query.flag("stdout", false)?, call.query.flag("stderr", false)?);
    if !out && !err {
        return Err(Failure::bad("Bad parameters: you must choose at least one stream"));
    }
    let stamps = call.query.flag("timestamps", false)?;
    let time = |name: &str| {
        let text = call.query.get(name).filter(|text| !["", "0"].contains(text));
        text.map(times::parse).transpose().map_err(|error| Failure::bad(error.to_string()))
    };
    let tail = match call.query.get("tail").unwrap_or("all") {
        "" | "all" => None,
        number => Some(
            number
                .parse::<i64>()
                .map_err(|_| Failure::bad(format!("failed to parse query parameter 'tail': {number:?}")))?,
        ),
    };
    let left = Arc::new(AtomicBool::new(false));
    let wanted = Wanted {
        follow: call.query.flag("follow", false)?,
        tail: tail.and_then(|lines| usize::try_from(lines).ok()),
        since: time("since")?,
        until: time("until")?,
        left: Some(Arc::clone(&left)),
    };
    let (record, _) = find(&call).await?;
    let engine = call.service.engine()?;
    // Docker's clients expect frames but for a terminal, Podman's always.
    let framed = call.libpod || !record.options.terminal;
    let kind = if framed { "application/vnd.docker.multiplexed-stream" } else { "application/vnd.docker.raw-stream" };
    let (pieces, answer) = answer::pieces(kind);
    let gone = pieces.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let mut show = |entry: &Entry| {
            let (stream, wanted) = match entry.stream {
                monitor::Stream::Output => (Stream::Out, out),
                monitor::Stream::Errors => (Stream::Error, err),
            };
            if !wanted {
                return Ok(());
            }
            let text = text(entry, stamps);
            let bytes = if framed { frame(stream, &text) } else { text.into() };
            pieces.blocking_send(bytes).map_err(|_| process::Error::new("the client has left"))
        };
        engine.logs(&record, &wanted, &mut show)
    });
    // A client may leave while there is nothing to tell.
    tokio::spawn(async move {
        tokio::select! {
            () = gone.closed() => left.store(true, Ordering::Relaxed),
            _ = reading => {}
        }
    });
    Ok(answer)
}

/// A line, or a part of one.
fn text(entry: &Entry, stamps: bool) -> Vec<u8> {
    let mut text = if stamps { format!("{} ", entry.stamp).into_bytes() } else { Vec::new() };
    text.extend(&entry.text);
    if entry.whole {
        text.push(b'\n');
    }
    text
}
