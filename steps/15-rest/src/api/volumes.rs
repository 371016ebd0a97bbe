//! Volumes.

use std::collections::BTreeMap;

use engine::volumes::{Volume, Volumes};
use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::images::Filters;
use super::{add, list, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    LIST,
    Endpoint { path: "/libpod/volumes/json", answer: (200, Shape::Document(list::<VolumeDocument>)), ..LIST },
    CREATE,
    Endpoint { path: "/libpod/volumes/create", ..CREATE },
    INSPECT,
    Endpoint { path: "/libpod/volumes/{name}/json", ..INSPECT },
    Endpoint {
        path: "/libpod/volumes/{name}/exists",
        about: "Whether there is such a volume",
        answer: (204, Shape::Nothing),
        handler: handler!(exists),
        ..INSPECT
    },
    REMOVE,
    Endpoint { path: "/libpod/volumes/{name}", ..REMOVE },
    PRUNE,
    Endpoint { path: "/libpod/volumes/prune", answer: (200, Shape::Document(list::<VolumePruned>)), ..PRUNE },
];

const LIST: Endpoint = Endpoint {
    method: "GET",
    path: "/volumes",
    about: "All volumes",
    query: &[("filters", "name, label: a JSON object of lists")],
    body: None,
    answer: (200, Shape::Document(reference::<VolumeList>)),
    others: &[],
    handler: handler!(all),
};

const CREATE: Endpoint = Endpoint {
    method: "POST",
    path: "/volumes/create",
    about: "Makes a volume; Docker's clients get the one that is there",
    query: &[],
    body: Some(Shape::Document(reference::<VolumeCreate>)),
    answer: (201, Shape::Document(reference::<VolumeDocument>)),
    others: &[(400, "It is no name")],
    handler: handler!(create),
};

const INSPECT: Endpoint = Endpoint {
    path: "/volumes/{name}",
    about: "One volume",
    query: &[],
    answer: (200, Shape::Document(reference::<VolumeDocument>)),
    others: &[(404, "There is no such volume")],
    handler: handler!(inspect),
    ..LIST
};

const REMOVE: Endpoint = Endpoint {
    method: "DELETE",
    path: "/volumes/{name}",
    about: "Removes a volume and what is in it",
    query: &[("force", "Also the containers that use it"), ("timeout", "Seconds until they are killed")],
    body: None,
    answer: (204, Shape::Nothing),
    others: &[(404, "There is no such volume"), (409, "A container uses it")],
    handler: handler!(remove),
};

const PRUNE: Endpoint = Endpoint {
    path: "/volumes/prune",
    about: "Removes all volumes that no container uses",
    query: &[],
    body: None,
    answer: (200, Shape::Document(reference::<VolumesPruned>)),
    others: &[],
    handler: handler!(prune),
    ..CREATE
};

/// What was removed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct VolumesPruned {
    volumes_deleted: Vec<String>,
    space_reclaimed: u64,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct VolumePruned {
    id: String,
    size: u64,
}

/// A volume.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = Volume)]
struct VolumeDocument {
    name: String,
    driver: &'static str,
    mountpoint: String,
    created_at: String,
    labels: BTreeMap<String, String>,
    scope: &'static str,
    options: BTreeMap<String, String>,
    anonymous: bool,
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct VolumeList {
    #[schema(value_type = Vec<VolumeDocument>)]
    volumes: Vec<VolumeDocument>,
    warnings: Vec<String>,
}

/// A new one.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
struct VolumeCreate {
    name: Option<String>,
    driver: Option<String>,
    driver_opts: Option<BTreeMap<String, String>>,
    /// Podman's name of it.
    options: Option<BTreeMap<String, String>>,
    labels: Option<BTreeMap<String, String>>,
    /// Podman's name of it.
    label: Option<BTreeMap<String, String>>,
}

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<VolumeDocument>(all);
    add::<VolumeList>(all);
    add::<VolumeCreate>(all);
    add::<VolumesPruned>(all);
    add::<VolumePruned>(all);
}

fn document(volumes: &Volumes, volume: Volume) -> VolumeDocument {
    VolumeDocument {
        mountpoint: volumes.mountpoint(&volume.name).display().to_string(),
        name: volume.name,
        driver: "local",
        created_at: volume.created,
        labels: volume.labels,
        scope: "local",
        options: volume.options,
        anonymous: volume.anonymous,
    }
}

async fn all(call: Call) -> Result<Answer, Failure> {
    let filters: Filters = call.query.document("filters")?;
    let wanted: Vec<(String, String)> = filters.pairs().map(|(name, value)| (name.into(), value.into())).collect();
    if let Some((name, _)) = wanted.iter().find(|(name, _)| !["name", "label"].contains(&name.as_str())) {
        return Err(Failure::absent(format!("filter {name:?} of volumes")));
    }
    let fits = move |volume: &Volume| {
        wanted.iter().all(|(filter, value)| match filter.as_str() {
            "name" => volume.name.contains(value.as_str()),
            _ => match value.split_once('=') {
                Some((name, value)) => volume.labels.get(name).is_some_and(|known| known == value),
                None => volume.labels.contains_key(value),
            },
        })
    };
    let documents = call.blocking(move |service| {
        let volumes = Volumes::new(&service.root);
        let all = volumes.list()?.into_iter().filter(fits);
        Ok(all.map(|volume| document(&volumes, volume)).collect::<Vec<_>>())
    });
    let volumes = documents.await?;
    if call.libpod { answer::ok(&volumes) } else { answer::ok(&VolumeList { volumes, warnings: Vec::new() }) }
}

async fn create(mut call: Call) -> Result<Answer, Failure> {
    let asked: VolumeCreate = call.document().await?;
    if let Some(driver) = asked.driver.filter(|driver| !["", "local"].contains(&driver.as_str())) {
        return Err(Failure::absent(format!("volume driver {driver:?}")));
    }
    let name = asked.name.filter(|name| !name.is_empty());
    if let Some(name) = &name {
        engine::names::check(name).map_err(Failure::bad)?;
    }
    let labels = asked.labels.into_iter().chain(asked.label).flatten().collect();
    let options = asked.driver_opts.into_iter().chain(asked.options).flatten().collect();
    let libpod = call.libpod;
    let engine = call.service.engine()?;
    let made = call.blocking(move |_| {
        let volumes = engine.volumes();
        let known = name.as_deref().filter(|_| !libpod).map_or(Ok(None), |name| volumes.get(name))?;
        let volume = known.map_or_else(|| volumes.create(name.as_deref(), labels, options), Ok)?;
        Ok(document(&volumes, volume))
    });
    Ok(answer::json(StatusCode::CREATED, &made.await?))
}

/// The volume that the path names.
async fn find(call: &Call) -> Result<VolumeDocument, Failure> {
    let name = call.name().to_string();
    let found = call.blocking(move |service| {
        let volumes = Volumes::new(&service.root);
        let volume = if engine::names::check(&name).is_ok() { volumes.get(&name)? } else { None };
        Ok(volume.map(|volume| document(&volumes, volume)))
    });
    let tried = format!("no volume with name {:?} found", call.name());
    found.await?.ok_or_else(|| Failure::because(StatusCode::NOT_FOUND, &tried, "no such volume"))
}

async fn inspect(call: Call) -> Result<Answer, Failure> {
    answer::ok(&find(&call).await?)
}

async fn exists(call: Call) -> Result<Answer, Failure> {
    find(&call).await.map(|_| answer::empty(StatusCode::NO_CONTENT))
}

async fn remove(call: Call) -> Result<Answer, Failure> {
    let force = call.query.flag("force", false)?;
    let volume = find(&call).await?;
    let engine = call.service.engine()?;
    let name = volume.name.clone();
    let used = call.blocking(move |_| engine.users_of_volume(&name)).await?;
    // Docker's force is not Podman's: it removes no container.
    let ignored = force && call.libpod;
    if !used.is_empty() && !ignored {
        let ids: Vec<_> = used.iter().map(|record| record.id.as_str()).collect();
        let tried = format!("volume {} is being used by the following container(s): {}", volume.name, ids.join(", "));
        return Err(Failure::because(StatusCode::CONFLICT, &tried, "volume is being used"));
    }
    let words = force.then(|| "--force".to_string()).into_iter().chain([volume.name]).collect::<Vec<_>>();
    call.service.program.run(&["volume", "rm"], &words).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

async fn prune(call: Call) -> Result<Answer, Failure> {
    let text = call.service.program.run(&["volume", "prune"], &["--force"]).await?;
    let names = text.lines().map(str::to_string);
    match call.libpod {
        true => answer::ok(&names.map(|id| VolumePruned { id, size: 0 }).collect::<Vec<_>>()),
        false => answer::ok(&VolumesPruned { volumes_deleted: names.collect(), space_reclaimed: 0 }),
    }
}
