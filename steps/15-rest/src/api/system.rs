//! Who is there: ping, version, info; and the description of all this.

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderName, HeaderValue, PRAGMA};
use serde_json::json;
use utoipa::openapi::{RefOr, Schema};

use super::{add, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::docker::info::Info;
use crate::docker::version::Version;
use crate::routes::{Endpoint, Shape, describe, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint { method: "GET", path: "/_ping", ..PING },
    Endpoint { method: "HEAD", path: "/_ping", ..PING },
    Endpoint { method: "GET", path: "/libpod/_ping", ..PING },
    Endpoint { method: "HEAD", path: "/libpod/_ping", ..PING },
    VERSION,
    Endpoint { path: "/libpod/version", ..VERSION },
    INFO,
    Endpoint { path: "/libpod/info", answer: (200, Shape::Document(object)), handler: handler!(libpod_info), ..INFO },
    DESCRIPTION,
    Endpoint { path: "/libpod/swagger", ..DESCRIPTION },
];

const PING: Endpoint = Endpoint {
    method: "GET",
    path: "/_ping",
    about: "Whether somebody is there; the headers say what it understands",
    query: &[],
    body: None,
    answer: (200, Shape::Bytes("text/plain")),
    others: &[],
    handler: handler!(ping),
};

const VERSION: Endpoint = Endpoint {
    path: "/version",
    about: "Versions",
    answer: (200, Shape::Document(reference::<Version>)),
    handler: handler!(version),
    ..PING
};

const INFO: Endpoint = Endpoint {
    path: "/info",
    about: "The machine, and how much is kept on it",
    answer: (200, Shape::Document(reference::<Info>)),
    handler: handler!(info),
    ..PING
};

const DESCRIPTION: Endpoint = Endpoint {
    path: "/openapi.json",
    about: "This description",
    answer: (200, Shape::Document(object)),
    handler: handler!(description),
    ..PING
};

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<Version>(all);
    add::<Info>(all);
}

/// A document of which nothing more is said.
pub(super) fn object() -> RefOr<Schema> {
    utoipa::openapi::schema::Object::new().into()
}

async fn ping(_call: Call) -> Result<Answer, Failure> {
    let mut answer = answer::whole(StatusCode::OK, "text/plain; charset=utf-8", "OK");
    for (name, value) in [
        (HeaderName::from_static("builder-version"), "1"),
        (HeaderName::from_static("docker-experimental"), "false"),
        (HeaderName::from_static("ostype"), "linux"),
        (CACHE_CONTROL, "no-cache, no-store, must-revalidate"),
        (PRAGMA, "no-cache"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(answer)
}

async fn version(call: Call) -> Result<Answer, Failure> {
    answer::ok(&call.blocking(|_| Ok(Version::look())).await?)
}

async fn look(call: &Call) -> Result<engine::info::Info, Failure> {
    call.blocking(|service| engine::info::info(&service.root, json!({}))).await
}

async fn info(call: Call) -> Result<Answer, Failure> {
    answer::ok(&Info::from(look(&call).await?))
}

async fn libpod_info(call: Call) -> Result<Answer, Failure> {
    answer::ok(&look(&call).await?)
}

async fn description(_call: Call) -> Result<Answer, Failure> {
    answer::ok(&describe::describe())
}
