//! New containers.

use hyper::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::{add, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::create::{Docker, Libpod};
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    CREATE,
    Endpoint {
        path: "/libpod/containers/create",
        query: &[],
        body: Some(Shape::Document(reference::<Libpod>)),
        handler: handler!(libpod),
        ..CREATE
    },
];

const CREATE: Endpoint = Endpoint {
    method: "POST",
    path: "/containers/create",
    about: "Makes a container; a wish that cannot be met is refused by its name",
    query: &[("name", "Its name"), ("platform", "Only this machine's")],
    body: Some(Shape::Document(reference::<Docker>)),
    answer: (201, Shape::Document(reference::<Created>)),
    others: &[
        (400, "The document cannot be read"),
        (404, "There is no such image"),
        (409, "Another container has the name"),
        (501, "Something is asked for that podling does not have"),
    ],
    handler: handler!(docker),
};

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ContainerCreated)]
struct Created {
    id: String,
    warnings: Vec<String>,
}

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<Docker>(all);
    add::<Libpod>(all);
    add::<Created>(all);
}

async fn docker(mut call: Call) -> Result<Answer, Failure> {
    let name = call.query.get("name").map(|name| name.trim_start_matches('/').to_string());
    platform(&call)?;
    let body: Docker = call.document().await?;
    let (image, words) = (body.image().to_string(), body.words(name.as_deref())?);
    create(call, name, image, words).await
}

async fn libpod(mut call: Call) -> Result<Answer, Failure> {
    let body: Libpod = call.document().await?;
    let (name, image) = (body.name().map(str::to_string), body.image().to_string());
    let words = body.words()?;
    create(call, name, image, words).await
}

/// Refuses another platform than this one.
pub(super) fn platform(call: &Call) -> Result<(), Failure> {
    let ours = [format!("linux/{}", engine::info::architecture()), "linux".to_string()];
    match call.query.get("platform").filter(|platform| !platform.is_empty()) {
        Some(platform) if !ours.contains(&platform.to_string()) => {
            Err(Failure::absent(format!("platform {platform:?}")))
        }
        _ => Ok(()),
    }
}

async fn create(call: Call, name: Option<String>, image: String, words: Vec<String>) -> Result<Answer, Failure> {
    let wanted = image.clone();
    if call.blocking(move |service| super::images::find(service, &wanted)).await?.is_none() {
        return Err(super::images::no_image(&image));
    }
    // Never: Docker's client pulls when it hears of 404, and then asks again.
    let made = call.service.program.run(&["create", "--pull=never"], &words).await;
    let id = match made {
        Ok(text) => text.trim().to_string(),
        Err(failure) => {
            let taken = call.service.mended().await?.find(name.as_deref().unwrap_or_default()).is_ok();
            return Err(if taken { failure.with(StatusCode::CONFLICT) } else { failure });
        }
    };
    Ok(answer::json(StatusCode::CREATED, &Created { id, warnings: Vec::new() }))
}
