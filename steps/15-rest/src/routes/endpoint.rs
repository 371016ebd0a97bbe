//! A route that is answered, as data: its description and what does it.

use std::future::Future;
use std::pin::Pin;

use utoipa::openapi::{RefOr, Schema};

use crate::answer::{Answer, Failure};
use crate::call::Call;

/// What answers.
pub(crate) type Handler = fn(Call) -> Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send>>;

// ANCHOR: endpoint
/// A route that is answered. The server looks its requests up in the list of these, and the description that it
/// serves is made of the same list.
pub(crate) struct Endpoint {
    /// `GET`, ...
    pub method: &'static str,
    /// `/containers/{name}/json`; below `/libpod` for Podman's own.
    pub path: &'static str,
    /// One line.
    pub about: &'static str,
    /// What may stand after the question mark. Anything else that asks for something is refused.
    pub query: &'static [Parameter],
    /// The document in the request's body.
    pub body: Option<Shape>,
    /// The status when all is well, and what comes with it.
    pub answer: (u16, Shape),
    /// Other statuses, and when.
    pub others: &'static [(u16, &'static str)],
    /// Does it.
    pub handler: Handler,
}
// ANCHOR_END: endpoint

/// A parameter: its name, and what it says.
pub(crate) type Parameter = (&'static str, &'static str);

/// What a body is.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Nothing.
    Nothing,
    /// A document, by its schema.
    Document(fn() -> RefOr<Schema>),
    /// Bytes of this type.
    Bytes(&'static str),
    /// The connection itself, from here on.
    Connection,
}

/// The handler of an endpoint: an async function in a box.
macro_rules! handler {
    ($function:path) => {
        |call| Box::pin($function(call))
    };
}
pub(crate) use handler;
