//! What a verb of the command line does to an image.

use hyper::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::images::{find, no_image};
use super::{add, list, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    REMOVE,
    Endpoint {
        path: "/libpod/images/{name}",
        answer: (200, Shape::Document(reference::<Removed>)),
        query: &[
            ("force", "All names, and the containers that use it"),
            ("ignore", "Nothing is wrong when there is none"),
        ],
        ..REMOVE
    },
    Endpoint {
        path: "/libpod/images/remove",
        about: "Removes images",
        query: &[
            ("images", "Which"),
            ("all", "All of them"),
            ("force", "All names, and the containers that use them"),
            ("ignore", "Nothing is wrong when there is none"),
            ("lookupManifest", "There are no lists among them"),
        ],
        answer: (200, Shape::Document(reference::<Removed>)),
        handler: handler!(remove_many),
        ..REMOVE
    },
    TAG,
    Endpoint { path: "/libpod/images/{name}/tag", ..TAG },
    UNTAG,
    EXISTS,
    PRUNE,
    Endpoint {
        path: "/libpod/images/prune",
        query: &[("all", "Also those that have a name"), ("filters", "dangling: a JSON object of lists")],
        answer: (200, Shape::Document(list::<PrunedImage>)),
        ..PRUNE
    },
];

const REMOVE: Endpoint = Endpoint {
    method: "DELETE",
    path: "/images/{name}",
    about: "Takes the name from an image; with the last one the image is removed",
    query: &[("force", "All names, and the containers that use it"), ("noprune", "podling keeps nothing below")],
    body: None,
    answer: (200, Shape::Document(list::<Deleted>)),
    others: &[(404, "There is no such image"), (409, "A container uses it, or it has more names")],
    handler: handler!(remove),
};

const TAG: Endpoint = Endpoint {
    method: "POST",
    path: "/images/{name}/tag",
    about: "Gives an image another name",
    query: &[("repo", "The name"), ("tag", "The tag; latest")],
    body: None,
    answer: (201, Shape::Nothing),
    others: &[(404, "There is no such image")],
    handler: handler!(tag),
};

const UNTAG: Endpoint = Endpoint {
    path: "/libpod/images/{name}/untag",
    about: "Takes a name, or all, from an image",
    handler: handler!(untag),
    ..TAG
};

const EXISTS: Endpoint = Endpoint {
    method: "GET",
    path: "/libpod/images/{name}/exists",
    about: "Whether there is such an image",
    query: &[],
    answer: (204, Shape::Nothing),
    handler: handler!(exists),
    ..TAG
};

const PRUNE: Endpoint = Endpoint {
    path: "/images/prune",
    about: "Removes images that have no name, or that nobody uses",
    query: &[("filters", "dangling: a JSON object of lists")],
    answer: (200, Shape::Document(reference::<Pruned>)),
    others: &[],
    handler: handler!(prune),
    ..TAG
};

/// A name that is gone, or an image.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Deleted {
    #[serde(skip_serializing_if = "Option::is_none")]
    untagged: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<String>,
}

/// The same, as Podman says it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ImagesRemoveReport)]
struct Removed {
    deleted: Vec<String>,
    untagged: Vec<String>,
    errors: Vec<String>,
    exit_code: i32,
}

/// What was removed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ImagesPruned)]
struct Pruned {
    images_deleted: Vec<Deleted>,
    space_reclaimed: u64,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct PrunedImage {
    id: String,
    size: u64,
}

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<Deleted>(all);
    add::<Removed>(all);
    add::<Pruned>(all);
    add::<PrunedImage>(all);
}

/// The lines of `rmi`.
fn lines(text: &str, prefix: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix(prefix)).map(str::to_string).collect()
}

async fn remove(call: Call) -> Result<Answer, Failure> {
    let (force, ignore) = (call.query.flag("force", false)?, call.query.flag("ignore", false)?);
    let name = call.name().to_string();
    let wanted = name.clone();
    if call.blocking(move |service| find(service, &wanted)).await?.is_none() && !ignore {
        return Err(no_image(&name));
    }
    let mut words: Vec<String> = [(force, "--force"), (ignore, "--ignore")]
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, flag)| flag.to_string())
        .collect();
    words.extend(["--".to_string(), name]);
    let removed = call.service.program.run(&["rmi"], &words).await;
    let text = removed.map_err(|failure| failure.with(StatusCode::CONFLICT))?;
    let (untagged, deleted) = (lines(&text, "Untagged: "), lines(&text, "Deleted: "));
    if call.libpod {
        return answer::ok(&Removed { deleted, untagged, errors: Vec::new(), exit_code: 0 });
    }
    let untagged = untagged.into_iter().map(|name| Deleted { untagged: Some(name), deleted: None });
    let deleted = deleted.into_iter().map(|id| Deleted { untagged: None, deleted: Some(format!("sha256:{id}")) });
    answer::ok(&untagged.chain(deleted).collect::<Vec<_>>())
}

async fn remove_many(call: Call) -> Result<Answer, Failure> {
    let mut words = Vec::new();
    for flag in ["all", "force", "ignore"] {
        if call.query.flag(flag, false)? {
            words.push(format!("--{flag}"));
        }
    }
    words.push("--".to_string());
    words.extend(call.query.all("images").flat_map(|list| list.split(',')).map(str::to_string));
    let output = call.service.program.output(&["rmi"], &words).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = if output.status.success() { Vec::new() } else { vec![crate::program::said(&output.stderr)] };
    answer::ok(&Removed {
        deleted: lines(&text, "Deleted: "),
        untagged: lines(&text, "Untagged: "),
        errors,
        exit_code: output.status.code().unwrap_or(125),
    })
}

/// `REPO:TAG` of the query; `None` when nothing is named.
fn named(call: &Call) -> Option<String> {
    let repository = call.query.get("repo").filter(|name| !name.is_empty())?;
    let tag = call.query.get("tag").filter(|tag| !tag.is_empty());
    Some(tag.map_or_else(|| repository.to_string(), |tag| format!("{repository}:{tag}")))
}

async fn tag(call: Call) -> Result<Answer, Failure> {
    call.query.need("repo")?;
    change(&call, "tag").await
}

async fn untag(call: Call) -> Result<Answer, Failure> {
    change(&call, "untag").await
}

async fn change(call: &Call, verb: &str) -> Result<Answer, Failure> {
    let name = call.name().to_string();
    if call.blocking(move |service| find(service, &name)).await?.is_none() {
        return Err(no_image(call.name()));
    }
    let words = ["--".to_string(), call.name().to_string()].into_iter().chain(named(call)).collect::<Vec<_>>();
    let changed = call.service.program.run(&[verb], &words).await;
    changed.map_err(|failure| failure.with(StatusCode::BAD_REQUEST))?;
    Ok(answer::empty(StatusCode::CREATED))
}

async fn exists(call: Call) -> Result<Answer, Failure> {
    let name = call.name().to_string();
    let found = call.blocking(move |service| find(service, &name)).await?;
    found.map(|_| answer::empty(StatusCode::NO_CONTENT)).ok_or_else(|| no_image(call.name()))
}

async fn prune(call: Call) -> Result<Answer, Failure> {
    let filters: super::images::Filters = call.query.document("filters")?;
    let mut all = call.query.flag("all", false)?;
    let mut words = vec!["--force".to_string()];
    for (name, value) in filters.pairs() {
        match name {
            // In Docker's words: not only those without a name.
            "dangling" => all = all || matches!(value, "false" | "0"),
            name => words.push(format!("--filter={name}={value}")),
        }
    }
    words.extend(all.then(|| "--all".to_string()));
    let text = call.service.program.run(&["image", "prune"], &words).await?;
    let ids = text.lines().map(str::to_string);
    if call.libpod {
        return answer::ok(&ids.map(|id| PrunedImage { id, size: 0 }).collect::<Vec<_>>());
    }
    let images_deleted = ids.map(|id| Deleted { untagged: None, deleted: Some(format!("sha256:{id}")) }).collect();
    answer::ok(&Pruned { images_deleted, space_reclaimed: 0 })
}
