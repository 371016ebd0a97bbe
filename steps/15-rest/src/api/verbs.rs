//! What a verb of the command line does to a container.

use std::time::Duration;

use engine::Phase;
use hyper::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::containers::find;
use super::{add, list, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::routes::{Endpoint, Shape, handler};

/// How long a killed container may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    STOP,
    Endpoint { path: "/libpod/containers/{name}/stop", ..STOP },
    KILL,
    Endpoint { path: "/libpod/containers/{name}/kill", ..KILL },
    PAUSE,
    Endpoint { path: "/libpod/containers/{name}/pause", ..PAUSE },
    UNPAUSE,
    Endpoint { path: "/libpod/containers/{name}/unpause", ..UNPAUSE },
    REMOVE,
    Endpoint { path: "/libpod/containers/{name}", answer: (200, Shape::Document(list::<RmReport>)), ..REMOVE },
    RENAME,
    Endpoint { path: "/libpod/containers/{name}/rename", ..RENAME },
    PRUNE,
    Endpoint { path: "/libpod/containers/prune", answer: (200, Shape::Document(list::<PruneReport>)), ..PRUNE },
];

const STOP: Endpoint = Endpoint {
    method: "POST",
    path: "/containers/{name}/stop",
    about: "Ends a container, by its own signal and then by SIGKILL",
    query: &[
        ("t", "Seconds until it is killed"),
        ("timeout", "The same, in Podman's words"),
        ("ignore", "Nothing is wrong with one that does not run"),
    ],
    body: None,
    answer: (204, Shape::Nothing),
    others: &[(304, "It does not run"), (404, "There is no such container")],
    handler: handler!(stop),
};

const KILL: Endpoint = Endpoint {
    path: "/containers/{name}/kill",
    about: "Sends a container's first process a signal",
    query: &[("signal", "By name or number; SIGKILL")],
    others: &[(404, "There is no such container"), (409, "It does not run")],
    handler: handler!(kill),
    ..STOP
};

const PAUSE: Endpoint = Endpoint {
    path: "/containers/{name}/pause",
    about: "Freezes the processes of a container",
    query: &[],
    others: &[(404, "There is no such container"), (409, "It does not run, or is frozen already")],
    handler: handler!(pause),
    ..STOP
};

const UNPAUSE: Endpoint = Endpoint {
    path: "/containers/{name}/unpause",
    about: "Lets them go on",
    others: &[(404, "There is no such container"), (409, "It is not frozen")],
    handler: handler!(unpause),
    ..PAUSE
};

const REMOVE: Endpoint = Endpoint {
    method: "DELETE",
    path: "/containers/{name}",
    about: "Removes a container",
    query: &[
        ("force", "End it when it runs"),
        ("v", "Remove the volumes that were made for it alone"),
        ("volumes", "The same, in Podman's words"),
        ("timeout", "Seconds until it is killed"),
        ("ignore", "Nothing is wrong when there is none"),
        ("depend", "Nothing depends on it"),
    ],
    others: &[(404, "There is no such container"), (409, "It runs")],
    handler: handler!(remove),
    ..STOP
};

const RENAME: Endpoint = Endpoint {
    path: "/containers/{name}/rename",
    about: "Gives a container another name",
    query: &[("name", "The name")],
    others: &[(400, "It is no name"), (404, "There is no such container"), (409, "Another container has it")],
    handler: handler!(rename),
    ..STOP
};

const PRUNE: Endpoint = Endpoint {
    path: "/containers/prune",
    about: "Removes all containers that do not run",
    query: &[],
    answer: (200, Shape::Document(reference::<Pruned>)),
    others: &[],
    handler: handler!(prune),
    ..STOP
};

/// What became of one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ContainerRmReport)]
struct RmReport {
    id: String,
    err: Option<String>,
}

/// What became of one, and how much room it gave.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ContainerPruneReport)]
struct PruneReport {
    id: String,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    err: Option<String>,
}

/// Which were removed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ContainersPruned)]
struct Pruned {
    containers_deleted: Vec<String>,
    space_reclaimed: u64,
}

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<RmReport>(all);
    add::<PruneReport>(all);
    add::<Pruned>(all);
}

/// How long to wait before a container is killed, when it is asked for; a negative time is for ever.
pub(super) fn time(call: &Call) -> Result<Option<Duration>, Failure> {
    let seconds = call.query.number("t")?.or(call.query.number("timeout")?);
    Ok(seconds.map(|seconds| Duration::from_secs(u32::try_from(seconds).unwrap_or(u32::MAX).into())))
}

async fn stop(call: Call) -> Result<Answer, Failure> {
    let time = time(&call)?;
    let (record, _) = find(&call).await?;
    let engine = call.service.engine()?;
    let stopped = call.blocking(move |_| engine.stop(&record, time)).await?;
    Ok(answer::empty(if stopped { StatusCode::NO_CONTENT } else { StatusCode::NOT_MODIFIED }))
}

async fn kill(call: Call) -> Result<Answer, Failure> {
    let signal = call.query.get("signal").filter(|signal| !signal.is_empty()).unwrap_or("KILL");
    let number = engine::signal::parse(signal).map_err(|error| Failure::bad(error.to_string()))?;
    let (record, _) = find(&call).await?;
    let engine = call.service.engine()?;
    let (docker, id) = (!call.libpod, record.id.clone());
    let killed = call.blocking(move |_| engine.kill(&record, number)).await;
    killed.map_err(|failure| failure.with(StatusCode::CONFLICT))?;
    if number == 9 && docker {
        // As Docker: it answers when the container has ended.
        if let Some(link) = super::start::dial(&call, &id, &[]).await? {
            let _ = tokio::time::timeout(PATIENCE, link.ended()).await;
        }
    }
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

async fn pause(call: Call) -> Result<Answer, Failure> {
    freeze(call, true).await
}

async fn unpause(call: Call) -> Result<Answer, Failure> {
    freeze(call, false).await
}

async fn freeze(call: Call, freeze: bool) -> Result<Answer, Failure> {
    let (record, status) = find(&call).await?;
    let engine = call.service.engine()?;
    let fits = status.is_running() && (status.phase == Phase::Paused) != freeze;
    let frozen = call.blocking(move |_| engine.freeze(&record, freeze)).await;
    frozen.map_err(|failure| if fits { failure } else { failure.with(StatusCode::CONFLICT) })?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

async fn remove(call: Call) -> Result<Answer, Failure> {
    let (force, ignore) = (call.query.flag("force", false)?, call.query.flag("ignore", false)?);
    let volumes = call.query.flag("v", false)? || call.query.flag("volumes", false)?;
    let time = time(&call)?.filter(|_| force).map(|time| format!("--time={}", time.as_secs()));
    let found = find(&call).await;
    if found.is_err() && ignore && call.libpod {
        return answer::ok(&[RmReport { id: call.name().to_string(), err: None }]);
    }
    let (record, status) = found?;
    if status.is_running() && !force {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            format!(
                "cannot remove container {} as it is running - running or paused containers cannot be removed without \
             force: container state improper",
                record.id
            ),
        ));
    }
    let flags = [(force, "--force"), (volumes, "--volumes")];
    let flags = flags.into_iter().filter(|(on, _)| *on).map(|(_, flag)| flag.to_string()).chain(time);
    call.service.program.run(&["rm"], &flags.chain([record.id.clone()]).collect::<Vec<_>>()).await?;
    match call.libpod {
        true => answer::ok(&[RmReport { id: record.id, err: None }]),
        false => Ok(answer::empty(StatusCode::NO_CONTENT)),
    }
}

async fn rename(call: Call) -> Result<Answer, Failure> {
    let name = call.query.need("name")?.to_string();
    engine::names::check(&name).map_err(Failure::bad)?;
    let (record, _) = find(&call).await?;
    if call.service.mended().await?.find(&name).is_ok_and(|known| known.id != record.id && known.name == name) {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            format!("container name {name:?} is already in use: container already exists"),
        ));
    }
    call.blocking(move |service| engine::State::new(&service.root).rename(&record, &name)).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

async fn prune(call: Call) -> Result<Answer, Failure> {
    let state = call.service.mended().await?;
    let ids = call.blocking(move |_| {
        let records = state.list()?.into_iter().filter(|record| !state.is_running(&record.id));
        Ok(records.map(|record| record.id).collect::<Vec<_>>())
    });
    let mut reports = Vec::new();
    for id in ids.await? {
        let removed = call.service.program.run(&["rm", "--volumes"], &[&id]).await;
        reports.push(PruneReport { id, size: 0, err: removed.err().map(|failure| failure.to_string()) });
    }
    if call.libpod {
        return answer::ok(&reports);
    }
    let removed = reports.into_iter().filter(|report| report.err.is_none()).map(|report| report.id);
    answer::ok(&Pruned { containers_deleted: removed.collect(), space_reclaimed: 0 })
}
