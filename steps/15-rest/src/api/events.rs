//! What happens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::events::{Event, Events, Filter, Query};
use engine::times;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::images::Filters;
use super::{add, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[EVENTS, Endpoint { path: "/libpod/events", ..EVENTS }];

const EVENTS: Endpoint = Endpoint {
    method: "GET",
    path: "/events",
    about: "What happens to containers, images and volumes, a JSON document a line",
    query: &[
        ("since", "What has happened after it comes first"),
        ("until", "The end"),
        ("filters", "container, image, volume, event, type, label: a JSON object of lists"),
        ("stream", "Go on"),
    ],
    body: None,
    answer: (200, Shape::Document(reference::<EventMessage>)),
    others: &[],
    handler: handler!(events),
};

/// Docker's `EventMessage`, with the older fields that Podman's clients read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct EventMessage {
    r#type: String,
    action: String,
    actor: Actor,
    #[serde(rename = "scope")]
    scope: &'static str,
    #[serde(rename = "time")]
    time: i64,
    #[serde(rename = "timeNano")]
    time_nano: i64,
    #[serde(rename = "status")]
    status: String,
    #[serde(rename = "id")]
    id: String,
    #[serde(rename = "from")]
    from: String,
}

/// To whom.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Actor {
    #[serde(rename = "ID")]
    id: String,
    attributes: BTreeMap<String, String>,
}

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<EventMessage>(all);
}

impl EventMessage {
    fn new(event: &Event, libpod: bool) -> EventMessage {
        // Docker's words for two of Podman's.
        let action = match event.status.as_str() {
            "died" if !libpod => "die",
            "remove" if !libpod && event.kind == "container" => "destroy",
            status => status,
        };
        let mut attributes = event.attributes.clone();
        for (name, value) in [("image", &event.image), ("name", &event.name)] {
            if !value.is_empty() {
                attributes.insert(name.to_string(), value.clone());
            }
        }
        if let Some(code) = event.container_exit_code {
            let name = if libpod { "containerExitCode" } else { "exitCode" };
            attributes.insert(name.to_string(), code.to_string());
        }
        let id = if event.id.is_empty() { event.name.clone() } else { event.id.clone() };
        EventMessage {
            r#type: event.kind.clone(),
            action: action.to_string(),
            actor: Actor { id: id.clone(), attributes },
            scope: "local",
            time: event.time.as_second(),
            time_nano: i64::try_from(event.time.as_nanosecond()).unwrap_or(i64::MAX),
            status: action.to_string(),
            id,
            from: event.image.clone(),
        }
    }
}

async fn events(call: Call) -> Result<Answer, Failure> {
    let filters: Filters = call.query.document("filters")?;
    let time = |name: &str| {
        let text = call.query.get(name).filter(|text| !["", "0"].contains(text));
        text.map(times::parse).transpose().map_err(|error| Failure::bad(error.to_string()))
    };
    let wanted = filters.pairs().map(|(name, value)| Filter::parse(&format!("{name}={}", docker_word(name, value))));
    let left = Arc::new(AtomicBool::new(false));
    let query = Query {
        since: time("since")?,
        until: time("until")?,
        filters: wanted.collect::<process::Result<_>>().map_err(|error| Failure::bad(error.to_string()))?,
        left: Some(Arc::clone(&left)),
    };
    let events = Events::of_user(&call.service.root);
    let (past, follow, libpod) = (query.since.is_some(), call.query.flag("stream", true)?, call.libpod);
    let (pieces, answer) = answer::pieces("application/json");
    let gone = pieces.clone();
    let told = move |event: &Event| {
        let mut text = serde_json::to_vec(&EventMessage::new(event, libpod)).unwrap_or_default();
        text.push(b'\n');
        pieces.blocking_send(text.into()).map_err(|_| process::Error::new("the client has left"))
    };
    let telling = tokio::task::spawn_blocking(move || match follow {
        true => events.follow(&query, past, told),
        false => events.read(&query).and_then(|all| all.iter().try_for_each(told)),
    });
    // A client may leave while nothing happens.
    tokio::spawn(async move {
        tokio::select! {
            () = gone.closed() => left.store(true, Ordering::Relaxed),
            _ = telling => {}
        }
    });
    Ok(answer)
}

/// Filters in Docker's words.
fn docker_word<'a>(name: &str, value: &'a str) -> &'a str {
    match (name, value) {
        ("event", "die") => "died",
        ("event", "destroy") => "remove",
        _ => value,
    }
}
