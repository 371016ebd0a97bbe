//! What goes back.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, SERVER};
use hyper::{Response, StatusCode};
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

/// The Docker API that we speak, and the oldest that we understand.
pub(crate) const DOCKER_VERSION: (&str, &str) = ("1.44", "1.24");
/// The libpod API that we speak, and the oldest that we understand.
pub(crate) const LIBPOD_VERSION: (&str, &str) = ("5.0.0", "4.0.0");
/// How many pieces of an answer may wait for a slow client.
const PIECES: usize = 16;

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;
pub(crate) type Answer = Response<Body>;
/// Where the pieces of an answer go; it is closed when the client has left.
pub(crate) type Pieces = mpsc::Sender<Bytes>;

/// A body whose pieces come one by one.
struct Coming(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Coming {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// An error, as Podman and Docker show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorModel {
    /// Why.
    cause: String,
    /// The whole of it.
    message: String,
    /// The status, again.
    response: u16,
}

/// A request that fails, with its status.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    cause: String,
    message: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Failure {
        let message = message.into();
        Failure { status, cause: message.clone(), message }
    }

    /// The message begins by what was tried.
    pub(crate) fn because(status: StatusCode, tried: &str, cause: impl ToString) -> Failure {
        let cause = cause.to_string();
        Failure { status, message: format!("{tried}: {cause}"), cause }
    }

    /// The same with another status.
    pub(crate) fn with(self, status: StatusCode) -> Failure {
        Failure { status, ..self }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, message)
    }

    /// What somebody asks for and we do not have.
    pub(crate) fn absent(what: impl std::fmt::Display) -> Failure {
        Failure::because(StatusCode::NOT_IMPLEMENTED, &what.to_string(), "not implemented by podling")
    }

    pub(crate) fn no_container(name: &str) -> Failure {
        let tried = format!("no container with name or ID {name:?} found");
        Failure::because(StatusCode::NOT_FOUND, &tried, "no such container")
    }

    pub(crate) fn into_answer(self) -> Answer {
        let response = self.status.as_u16();
        json(self.status, &ErrorModel { cause: self.cause, message: self.message, response })
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.message)
    }
}

impl From<process::Error> for Failure {
    fn from(error: process::Error) -> Failure {
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

/// A document.
pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Answer {
    let mut text = serde_json::to_vec(document).unwrap_or_default();
    text.push(b'\n');
    whole(status, "application/json", text)
}

/// A document, and all is well.
pub(crate) fn ok(document: &impl Serialize) -> Result<Answer, Failure> {
    Ok(json(StatusCode::OK, document))
}

/// Nothing but a status.
pub(crate) fn empty(status: StatusCode) -> Answer {
    build(status, None, Full::default().boxed_unsync())
}

/// Bytes of some type.
pub(crate) fn whole(status: StatusCode, kind: &'static str, bytes: impl Into<Bytes>) -> Answer {
    build(status, Some(kind), Full::new(bytes.into()).boxed_unsync())
}

/// An answer that is still being made: its status and headers leave at once.
pub(crate) fn pieces(kind: &'static str) -> (Pieces, Answer) {
    let (sender, receiver) = mpsc::channel(PIECES);
    (sender, build(StatusCode::OK, Some(kind), Coming(receiver).boxed_unsync()))
}

fn build(status: StatusCode, kind: Option<&'static str>, body: Body) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    if let Some(kind) = kind {
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    answer
}

/// Adds what every answer says: clients find out by it what we can.
pub(crate) fn finish(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(HeaderName::from_static("api-version"), HeaderValue::from_static(DOCKER_VERSION.0));
    headers.insert(HeaderName::from_static("libpod-api-version"), HeaderValue::from_static(LIBPOD_VERSION.0));
    headers.insert(
        SERVER,
        HeaderValue::from_static(concat!("Libpod/5.0.0 Podling/", env!("CARGO_PKG_VERSION"), " (linux)")),
    );
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    answer
}
