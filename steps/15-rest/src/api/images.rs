//! Images.

use std::collections::BTreeMap;

use hyper::StatusCode;
use images::{Image, Store};
use serde::Deserialize;
use utoipa::openapi::{RefOr, Schema};

use super::{add, list, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::{Call, Service};
use crate::docker::image::{ImageInspect, ImageSummary};
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    LIST,
    Endpoint { path: "/libpod/images/json", ..LIST },
    INSPECT,
    Endpoint {
        path: "/libpod/images/{name}/json",
        answer: (200, Shape::Document(super::system::object)),
        handler: handler!(libpod_inspect),
        ..INSPECT
    },
];

const LIST: Endpoint = Endpoint {
    method: "GET",
    path: "/images/json",
    about: "All images, the newest first",
    query: &[
        ("all", "podling has no images without a name between others: the same with it and without"),
        ("filters", "reference, dangling, label, id: a JSON object of lists"),
        ("filter", "A reference, for old clients"),
        ("shared-size", "Not computed"),
        ("digests", "They are always there"),
    ],
    body: None,
    answer: (200, Shape::Document(list::<ImageSummary>)),
    others: &[],
    handler: handler!(all),
};

const INSPECT: Endpoint = Endpoint {
    path: "/images/{name}/json",
    about: "One image",
    query: &[],
    answer: (200, Shape::Document(reference::<ImageInspect>)),
    others: &[(404, "There is no such image")],
    handler: handler!(inspect),
    ..LIST
};

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<ImageSummary>(all);
    add::<ImageInspect>(all);
}

/// What a list is narrowed by: name and values; Docker also writes the values as keys of an object.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Filters(BTreeMap<String, Values>);

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Values {
    List(Vec<String>),
    Set(BTreeMap<String, bool>),
}

impl Filters {
    /// Name and values, as pairs.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| {
            let values: Vec<&str> = match values {
                Values::List(list) => list.iter().map(String::as_str).collect(),
                Values::Set(set) => set.iter().filter(|(_, on)| **on).map(|(value, _)| value.as_str()).collect(),
            };
            values.into_iter().map(move |value| (name.as_str(), value))
        })
    }
}

/// The image of that name.
pub(crate) fn find(service: &Service, name: &str) -> process::Result<Option<Image>> {
    let store = Store::open(&service.root)?;
    match store.find(name) {
        Ok(image) => Ok(Some(image)),
        Err(error) if error.is_kernel() => Err(error),
        Err(_) => Ok(None),
    }
}

/// As Docker's clients want to hear it.
pub(crate) fn no_image(name: &str) -> Failure {
    Failure::because(StatusCode::NOT_FOUND, &format!("No such image: {name}"), "image not known")
}

async fn all(call: Call) -> Result<Answer, Failure> {
    let filters: Filters = call.query.document("filters")?;
    let mut wanted: Vec<(String, String)> =
        filters.pairs().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    wanted.extend(call.query.get("filter").map(|name| ("reference".to_string(), name.to_string())));
    let known = ["reference", "dangling", "label", "id"];
    if let Some((name, _)) = wanted.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(Failure::absent(format!("filter {name:?} of images")));
    }
    let images = call.blocking(|service| Store::open(&service.root)?.list()).await?;
    let fits = |image: &&Image| {
        known.iter().all(|name| {
            let mut values = wanted.iter().filter(|(known, _)| known == name).map(|(_, value)| value).peekable();
            values.peek().is_none() || values.any(|value| matches(image, name, value))
        })
    };
    let rows: Vec<_> = images.iter().filter(fits).map(|image| ImageSummary::new(image, call.libpod)).collect();
    answer::ok(&rows)
}

fn matches(image: &Image, filter: &str, value: &str) -> bool {
    match filter {
        "reference" => image.names.iter().any(|name| images::reference::matches_filter(name, value)),
        "dangling" => image.names.is_empty() == matches!(value, "true" | "1"),
        "id" => image.id.starts_with(value.trim_start_matches("sha256:")),
        _ => match value.split_once('=') {
            Some((name, value)) => image.config.labels.get(name).is_some_and(|known| known == value),
            None => image.config.labels.contains_key(value),
        },
    }
}

async fn inspect(call: Call) -> Result<Answer, Failure> {
    let name = call.name().to_string();
    let image = call.blocking(move |service| find(service, &name)).await?;
    answer::ok(&ImageInspect::from(image.ok_or_else(|| no_image(call.name()))?))
}

async fn libpod_inspect(call: Call) -> Result<Answer, Failure> {
    let name = call.name().to_string();
    let engine = call.service.engine()?;
    let found = call.blocking(move |service| {
        let image = find(service, &name)?;
        image.map(|image| engine.inspect(&image.id, "image")).transpose()
    });
    answer::ok(&found.await?.ok_or_else(|| no_image(call.name()))?)
}
