//! The end of a container.

use std::time::Duration;

use engine::{Phase, State, Status};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::containers::find;
use super::start::dial;
use super::{add, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    WAIT,
    Endpoint {
        path: "/libpod/containers/{name}/wait",
        query: &[
            ("condition", "A state, or several: created, running, paused, exited, stopped, removing"),
            ("interval", "podling need not look again"),
        ],
        answer: (200, Shape::Document(number)),
        handler: handler!(libpod),
        ..WAIT
    },
];

const WAIT: Endpoint = Endpoint {
    method: "POST",
    path: "/containers/{name}/wait",
    about: "Waits for the end of a container; the answer's head comes at once",
    query: &[("condition", "not-running, next-exit or removed")],
    body: None,
    answer: (200, Shape::Document(reference::<Ended>)),
    others: &[(400, "There is no such condition"), (404, "There is no such container")],
    handler: handler!(docker),
};

/// How it ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ContainerWait)]
struct Ended {
    status_code: u8,
}

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<Ended>(all);
}

fn number() -> RefOr<Schema> {
    utoipa::schema!(i32).into()
}

/// How often to look for what nobody says.
const LOOK: Duration = Duration::from_millis(100);

/// How long between a container's removal and its monitor's word of how it ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

async fn docker(call: Call) -> Result<Answer, Failure> {
    let condition =
        call.query.get("condition").filter(|condition| !condition.is_empty()).unwrap_or("not-running").to_string();
    if !["not-running", "next-exit", "removed"].contains(&condition.as_str()) {
        return Err(Failure::bad(format!(
            "failed to parse query parameter 'condition': {condition:?}: not a valid docker condition"
        )));
    }
    let (record, status) = find(&call).await?;
    // Before the head of the answer: Docker's client starts the container when it has read that.
    let ended = call.service.lives.watch(&record.id);
    let (pieces, answer) = answer::pieces("application/json");
    tokio::spawn(async move {
        let waited = async {
            let status_code = match condition.as_str() {
                "not-running" if !status.is_running() => status.life.exit_code.unwrap_or(0),
                _ => next_exit(&call, &record.id, status, ended).await,
            };
            while condition == "removed" && State::new(&call.service.root).container(&record.id).exists() {
                tokio::time::sleep(LOOK).await;
            }
            status_code
        };
        tokio::select! {
            status_code = waited => {
                let text = serde_json::to_vec(&Ended { status_code }).unwrap_or_default();
                let _ = pieces.send(text.into()).await;
            }
            () = pieces.closed() => {}
        }
    });
    Ok(answer)
}

async fn libpod(call: Call) -> Result<Answer, Failure> {
    let conditions: Vec<String> =
        call.query.all("condition").flat_map(|list| list.split(',')).map(str::to_string).collect();
    let known =
        ["configured", "created", "initialized", "running", "paused", "stopped", "exited", "stopping", "removing"];
    if let Some(unknown) = conditions.iter().find(|condition| !known.contains(&condition.as_str())) {
        return Err(Failure::bad(format!("failed to parse query parameter 'condition': {unknown:?}")));
    }
    let ends = |condition: &String| ["stopped", "exited", "stopping", "removing"].contains(&condition.as_str());
    let (record, status) = match find(&call).await {
        // A container with --rm is gone; podman asks for its status afterwards.
        Err(failure) => return call.service.lives.seen(call.name()).map_or(Err(failure), |status| answer::ok(&status)),
        Ok(found) => found,
    };
    let ended = call.service.lives.watch(&record.id);
    let wants_end = conditions.is_empty() || conditions.iter().any(ends);
    let others: Vec<&str> = conditions.iter().filter(|condition| !ends(condition)).map(String::as_str).collect();
    if !others.is_empty() {
        return reached(&call, &record.id, &others, wants_end).await;
    }
    let status = match status.phase {
        Phase::Exited => status.life.exit_code.unwrap_or(0),
        _ => next_exit(&call, &record.id, status, ended).await,
    };
    answer::ok(&status)
}

/// Waits until the container is in one of the states.
async fn reached(call: &Call, id: &str, states: &[&str], end: bool) -> Result<Answer, Failure> {
    loop {
        let status = look(call, id).await?;
        let name = if status.phase == Phase::Created { "configured" } else { status.phase.name() };
        if states.contains(&name) || states.contains(&status.phase.name()) || (end && status.phase == Phase::Exited) {
            // As Podman: there is no status before the end.
            return answer::ok(&status.life.exit_code.map_or(-1, i32::from));
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn look(call: &Call, id: &str) -> Result<Status, Failure> {
    let id = id.to_string();
    call.blocking(move |service| State::new(&service.root).status(&id)).await
}

/// Waits for the end of the life that goes on, or of the one that begins next, whoever starts it.
// ANCHOR: wait
async fn next_exit(
    call: &Call,
    id: &str,
    mut status: Status,
    mut ended: tokio::sync::watch::Receiver<Option<u8>>,
) -> u8 {
    let before = status.life.finished.clone();
    let directory = State::new(&call.service.root).container(id);
    // How an earlier life ended is not news.
    ended.mark_unchanged();
    loop {
        // Its monitor tells when it ends. Of one that this service has started, the service knows: it may be too late
        // to ask.
        let link = if status.is_running() { dial(call, id, &[]).await.ok().flatten() } else { None };
        let told = async {
            loop {
                let changed = ended.changed().await;
                if let (Ok(()), Some(status)) = (changed, *ended.borrow_and_update()) {
                    return status;
                }
            }
        };
        let heard = async {
            match link {
                Some(link) => link.ended().await,
                None => {
                    tokio::time::sleep(LOOK).await;
                    None
                }
            }
        };
        tokio::select! {
            biased;
            code = told => return code,
            code = heard => if let Some(code) = code { return code },
        }
        match look(call, id).await {
            Ok(now) if now.phase == Phase::Exited && now.life.finished != before => {
                return now.life.exit_code.unwrap_or(0);
            }
            Ok(now) => status = now,
            Err(_) => {}
        }
        if !directory.exists() {
            // It was removed, started by somebody else or never; or by this service, which its monitor tells last of all.
            let _ = tokio::time::timeout(LAST_WORDS, ended.changed()).await;
            return ended.borrow().unwrap_or(0);
        }
    }
}
// ANCHOR_END: wait
