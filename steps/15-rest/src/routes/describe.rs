//! The description of the API (OpenAPI 3.1), made of the same list that requests are looked up in.

use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr, Required, Schema,
};

use super::{Endpoint, Shape};
use crate::api;

/// The description.
#[must_use]
pub fn describe() -> OpenApi {
    let info = InfoBuilder::new()
        .title("podling")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "What of Docker's API and of Podman's (libpod) podling answers. Every path may begin with a version: \
             /v1.44, or /v5.0.0 for those below /libpod. Whatever Podman answers and podling does not is 501.",
        ))
        .build();
    let mut paths = PathsBuilder::new();
    for endpoint in api::endpoints() {
        let operation = operation(endpoint).build();
        paths = paths.path(endpoint.path, PathItem::new(method(endpoint.method), operation));
    }
    let components = ComponentsBuilder::new().schemas_from_iter(api::schemas()).build();
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components)).build()
}

fn operation(endpoint: &Endpoint) -> OperationBuilder {
    let tag = if endpoint.path.starts_with("/libpod") { "libpod" } else { "docker" };
    let mut operation = OperationBuilder::new().tag(tag).summary(Some(endpoint.about));
    for place in endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        operation = operation.parameter(parameter(place, None, ParameterIn::Path));
    }
    for (name, about) in endpoint.query {
        operation = operation.parameter(parameter(name, Some(about), ParameterIn::Query));
    }
    if let Some((kind, content)) = endpoint.body.and_then(content) {
        operation = operation.request_body(Some(RequestBodyBuilder::new().content(kind, content).build()));
    }
    let (status, shape) = endpoint.answer;
    let mut answer = ResponseBuilder::new().description(if matches!(shape, Shape::Connection) {
        "The connection, from here on; 101 when the request asks to upgrade it"
    } else {
        "All is well"
    });
    if let Some((kind, shape)) = content(shape) {
        answer = answer.content(kind, shape);
    }
    operation = operation.response(status.to_string(), answer);
    let error = || Content::new(Some(Ref::from_schema_name("ErrorModel")));
    for (status, about) in endpoint.others {
        let answer = ResponseBuilder::new().description(*about);
        // 304 has no body.
        let answer = if *status < 400 { answer } else { answer.content("application/json", error()) };
        operation = operation.response(status.to_string(), answer);
    }
    let default = ResponseBuilder::new().description("What went wrong").content("application/json", error());
    operation.response("default", default)
}

fn parameter(name: &str, about: Option<&str>, place: ParameterIn) -> ParameterBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    ParameterBuilder::new().name(name).description(about).parameter_in(place).required(required).schema(Some(text))
}

fn content(shape: Shape) -> Option<(&'static str, Content)> {
    match shape {
        Shape::Nothing => None,
        Shape::Document(schema) => Some(("application/json", Content::new(Some(schema())))),
        Shape::Bytes(kind) => Some((kind, Content::new(None::<RefOr<Schema>>))),
        Shape::Connection => Some(("application/vnd.docker.raw-stream", Content::new(None::<RefOr<Schema>>))),
    }
}

fn method(name: &str) -> HttpMethod {
    match name {
        "GET" => HttpMethod::Get,
        "HEAD" => HttpMethod::Head,
        "PUT" => HttpMethod::Put,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Post,
    }
}
