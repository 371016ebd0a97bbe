//! Starts and ends of containers.

use std::sync::Arc;

use engine::Record;
use hyper::StatusCode;
use monitor::message::Message;

use super::containers::find;
use crate::answer::{self, Answer, Failure};
use crate::begin::begin;
use crate::call::{Call, Service};
use crate::hijack::Attached;
use crate::link::Link;
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    START,
    Endpoint { path: "/libpod/containers/{name}/start", ..START },
    RESTART,
    Endpoint { path: "/libpod/containers/{name}/restart", ..RESTART },
];

const START: Endpoint = Endpoint {
    method: "POST",
    path: "/containers/{name}/start",
    about: "Starts a container",
    query: &[("detachKeys", "The client's own"), ("recursive", "It depends on no other")],
    body: None,
    answer: (204, Shape::Nothing),
    others: &[(304, "It runs already"), (400, "Its program cannot be executed"), (404, "There is no such container")],
    handler: handler!(start),
};

const RESTART: Endpoint = Endpoint {
    path: "/containers/{name}/restart",
    about: "Ends a container and starts it again",
    query: &[("t", "Seconds until it is killed"), ("timeout", "The same, in Podman's words")],
    others: &[(404, "There is no such container")],
    handler: handler!(restart),
    ..START
};

async fn start(call: Call) -> Result<Answer, Failure> {
    let (record, _) = find(&call).await?;
    let started = run(&call.service, &record).await?;
    Ok(answer::empty(if started { StatusCode::NO_CONTENT } else { StatusCode::NOT_MODIFIED }))
}

async fn restart(call: Call) -> Result<Answer, Failure> {
    let time = super::verbs::time(&call)?;
    let (record, _) = find(&call).await?;
    let (engine, stopping) = (call.service.engine()?, record.clone());
    call.blocking(move |_| engine.stop(&stopping, time)).await?;
    run(&call.service, &record).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// Starts a container, for those who are attached already and for those who wait for its end; false when it ran already.
// ANCHOR: run
async fn run(service: &Arc<Service>, record: &Record) -> Result<bool, Failure> {
    let mut attached = Vec::new();
    for waiting in service.lives.begin(&record.id) {
        attached.extend(waiting.await);
    }
    let Some(link) = begin(service, &record.id, !attached.is_empty()).await? else { return Ok(false) };
    tokio::spawn(follow(Arc::clone(service), record.id.clone(), link, attached));
    Ok(true)
}

/// Passes on what the container writes, and remembers how it ended.
async fn follow(service: Arc<Service>, id: String, link: Link, attached: Vec<Attached>) {
    let mut attached = attached.into_iter();
    let first = match attached.next() {
        Some(first) => first.relay(&link).await,
        None => None,
    };
    let status = match first {
        Some(status) => Some(status),
        None => link.ended().await,
    };
    // Its monitor was killed, and the container with it.
    service.lives.end(&id, status.unwrap_or(137));
}
// ANCHOR_END: run

/// A connection to the monitor of a container that runs.
pub(super) async fn dial(call: &Call, id: &str, messages: &[Message]) -> Result<Option<Link>, Failure> {
    let id = id.to_string();
    let socket = call.blocking(move |service| monitor::dial(&engine::State::new(&service.root).container(&id))).await?;
    let failed = |error| Failure::because(StatusCode::INTERNAL_SERVER_ERROR, "speak to the container's monitor", error);
    let Some(socket) = socket else { return Ok(None) };
    let link = Link::new(socket).map_err(failed)?;
    for message in messages {
        link.send(message).await.map_err(failed)?;
    }
    Ok(Some(link))
}
