//! Containers: found, listed, shown.

use engine::{Engine, Phase, Record, State, Status};
use hyper::StatusCode;
use images::{Image, Store};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

use super::images::Filters;
use super::{add, list, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::{Call, Service};
use crate::docker::container::{ContainerInspect, ContainerSummary};
use crate::libpod::container::ListContainer;
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    LIST,
    Endpoint { path: "/libpod/containers/json", answer: (200, Shape::Document(list::<ListContainer>)), ..LIST },
    INSPECT,
    Endpoint {
        path: "/libpod/containers/{name}/json",
        answer: (200, Shape::Document(super::system::object)),
        handler: handler!(libpod_inspect),
        ..INSPECT
    },
    Endpoint {
        path: "/libpod/containers/{name}/exists",
        about: "Whether there is such a container",
        query: &[("external", "podling knows no containers of others")],
        answer: (204, Shape::Nothing),
        handler: handler!(exists),
        ..INSPECT
    },
];

const LIST: Endpoint = Endpoint {
    method: "GET",
    path: "/containers/json",
    about: "Containers, the newest first; those that run, unless all are asked for",
    query: &[
        ("all", "Also those that do not run"),
        ("limit", "At most so many, whether they run or not"),
        ("last", "The same, in Podman's words"),
        ("filters", "id, name, status, label, ancestor, exited: a JSON object of lists"),
        ("size", "Not computed"),
        ("namespace", "Not said"),
        ("sync", "What is said is always true now"),
    ],
    body: None,
    answer: (200, Shape::Document(list::<ContainerSummary>)),
    others: &[],
    handler: handler!(all),
};

const INSPECT: Endpoint = Endpoint {
    path: "/containers/{name}/json",
    about: "One container",
    query: &[("size", "Not computed")],
    answer: (200, Shape::Document(reference::<ContainerInspect>)),
    others: &[(404, "There is no such container")],
    handler: handler!(inspect),
    ..LIST
};

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<ContainerSummary>(all);
    add::<ContainerInspect>(all);
    add::<ListContainer>(all);
}

impl Service {
    /// The user's containers. What a crash left is mended first, by a process that can enter the user's namespace where
    /// it has to.
    pub(crate) async fn mended(&self) -> Result<State, Failure> {
        let state = State::new(&self.root);
        if !state.sweep()? {
            self.program.run(&["sweep"], &[""; 0]).await?;
        }
        Ok(state)
    }

    /// The user's engine, for what starts no process.
    pub(crate) fn engine(&self) -> Result<Engine, Failure> {
        Ok(Engine::look(&self.root)?)
    }
}

/// The container that the path names, and what it does now.
pub(crate) async fn find(call: &Call) -> Result<(Record, Status), Failure> {
    let state = call.service.mended().await?;
    let name = call.name().to_string();
    let found = call.blocking(move |_| {
        Ok(match state.find(&name) {
            Ok(record) => Some((state.status(&record.id)?, record)),
            // Not so many, or too many, fit: not one that can be meant.
            Err(error) if !error.is_kernel() => None,
            Err(error) => return Err(error),
        })
    });
    let (status, record) = found.await?.ok_or_else(|| Failure::no_container(call.name()))?;
    Ok((record, status))
}

fn image(service: &Service, record: &Record) -> Option<Image> {
    Store::open(&service.root).and_then(|store| store.find(&record.image_id)).ok()
}

async fn all(call: Call) -> Result<Answer, Failure> {
    let filters: Filters = call.query.document("filters")?;
    let wanted: Vec<(String, String)> = filters.pairs().map(|(name, value)| (name.into(), value.into())).collect();
    if let Some((name, _)) = wanted.iter().find(|(name, _)| !FILTERS.contains(&name.as_str())) {
        return Err(Failure::absent(format!("filter {name:?} of containers")));
    }
    let limit =
        call.query.number("limit")?.or(call.query.number("last")?).and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| *limit > 0);
    let by_status = wanted.iter().any(|(name, _)| name == "status" || name == "exited");
    let all = call.query.flag("all", false)? || limit.is_some() || by_status;
    let state = call.service.mended().await?;
    let rows = call.blocking(move |service| {
        let mut records = state.list()?;
        records.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        let mut rows = Vec::new();
        for record in records {
            // One that is being removed just now is none.
            let Ok(status) = state.status(&record.id) else { continue };
            let image = image(service, &record);
            let row = (record, status, image);
            if (all || row.1.is_running()) && FILTERS.iter().all(|name| fits(&row, name, &wanted)) {
                rows.push(row);
            }
        }
        rows.truncate(limit.unwrap_or(usize::MAX));
        Ok(rows)
    });
    let rows = rows.await?;
    match call.libpod {
        true => answer::ok(
            &rows
                .iter()
                .map(|(record, status, image)| ListContainer::new(record, status, image.as_ref()))
                .collect::<Vec<_>>(),
        ),
        false => answer::ok(
            &rows
                .iter()
                .map(|(record, status, image)| ContainerSummary::new(record, status, image.as_ref()))
                .collect::<Vec<_>>(),
        ),
    }
}

const FILTERS: [&str; 6] = ["id", "name", "status", "label", "ancestor", "exited"];

/// Whether a container is what one of a filter's values says; every one is when the filter is not asked for.
fn fits((record, status, image): &(Record, Status, Option<Image>), filter: &str, wanted: &[(String, String)]) -> bool {
    let mut values = wanted.iter().filter(|(name, _)| name == filter).map(|(_, value)| value.as_str()).peekable();
    let one = |value: &str| match filter {
        "id" => record.id.starts_with(value),
        "name" => record.name.contains(value.trim_start_matches('^').trim_start_matches('/').trim_end_matches('$')),
        "status" => status.phase.name() == value || (value == "stopped" && status.phase == Phase::Exited),
        "exited" => status.life.exit_code.map(|code| code.to_string()).as_deref() == Some(value),
        "ancestor" => {
            record.image_id.starts_with(value.trim_start_matches("sha256:"))
                || images::reference::matches_filter(&record.image, value)
        }
        _ => {
            let labels = crate::docker::container::labels(record, image.as_ref());
            match value.split_once('=') {
                Some((name, value)) => labels.get(name).is_some_and(|known| known == value),
                None => labels.contains_key(value),
            }
        }
    };
    values.peek().is_none() || values.any(one)
}

async fn inspect(call: Call) -> Result<Answer, Failure> {
    let (record, status) = find(&call).await?;
    let execs = call.service.sessions.of(&record.id);
    let document = call.blocking(move |service| {
        let image = image(service, &record);
        let log =
            record.options.log.path.clone().unwrap_or_else(|| {
                State::new(&service.root).container(&record.id).join("ctr.log").display().to_string()
            });
        Ok(ContainerInspect::new(&record, &status, image.as_ref(), log, execs))
    });
    answer::ok(&document.await?)
}

async fn libpod_inspect(call: Call) -> Result<Answer, Failure> {
    let (record, _) = find(&call).await?;
    let engine = call.service.engine()?;
    let mut document = call.blocking(move |_| engine.inspect(&record.id, "container")).await?;
    if call.version.is_some_and(|version| version < 5) {
        as_before_5(&mut document);
    }
    answer::ok(&document)
}

/// Two fields had another form before Podman 5, and its clients of then stop at the new one.
fn as_before_5(document: &mut Value) {
    let Some(config) = document.get_mut("Config") else { return };
    let words = |words: &Vec<Value>| words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
    if let Some(text) = config["Entrypoint"].as_array().map(words) {
        config["Entrypoint"] = text.into();
    }
    if let Some(number) = config["StopSignal"].as_str().and_then(|name| engine::signal::parse(name).ok()) {
        config["StopSignal"] = number.into();
    }
}

async fn exists(call: Call) -> Result<Answer, Failure> {
    find(&call).await.map(|_| answer::empty(StatusCode::NO_CONTENT))
}
