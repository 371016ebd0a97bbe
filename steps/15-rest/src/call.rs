//! A request, as its handler sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::upgrade::OnUpgrade;
use hyper::{HeaderMap, StatusCode};
use process::Result;
use serde::de::DeserializeOwned;

use crate::answer::Failure;
use crate::api::Sessions;
use crate::lives::Lives;
use crate::program::Program;
use crate::query::Query;
use crate::server::Idle;

/// No document that we understand is longer.
const DOCUMENT: usize = 4 << 20;

/// Reads a body that nobody wants, when it is not longer than a document and comes at once.
pub(crate) async fn pass_over(body: Incoming) {
    let _ = tokio::time::timeout(Duration::from_secs(1), Limited::new(body, DOCUMENT).collect()).await;
}

/// What all requests share.
pub(crate) struct Service {
    /// Where images and containers are.
    pub root: PathBuf,
    /// This program, to be started again.
    pub program: Program,
    /// Who waits for which container.
    pub lives: Lives,
    /// Programs to be run in containers, made by one request and started by another.
    pub sessions: Sessions,
}

impl Service {
    pub(crate) fn new(root: PathBuf, program: Program) -> Service {
        Service { root, program, lives: Lives::default(), sessions: Sessions::default() }
    }
}

/// One request.
pub(crate) struct Call {
    pub service: Arc<Service>,
    pub idle: Idle,
    /// Whether it came by a path of Podman's own API.
    pub libpod: bool,
    /// The first number of the version in the path, when there was one.
    pub version: Option<u32>,
    /// What stood at the places of the path that have a name, in order.
    pub names: Vec<String>,
    pub query: Query,
    pub headers: HeaderMap,
    pub body: Option<Incoming>,
    /// The connection itself, for those who need it.
    pub upgrade: Option<OnUpgrade>,
}

impl Call {
    /// What stands at the first place of the path that has a name.
    pub(crate) fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// The body, when it is not longer than a document.
    pub(crate) async fn bytes(&mut self) -> Result<Bytes, Failure> {
        let Some(body) = self.body.take() else { return Ok(Bytes::new()) };
        match Limited::new(body, DOCUMENT).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is longer than {DOCUMENT} bytes")))
            }
            Err(error) => Err(Failure::bad(format!("reading the body: {error}"))),
        }
    }

    /// The document in the body; nothing at all is an empty one.
    pub(crate) async fn document<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let bytes = self.bytes().await?;
        let text: &[u8] = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { &bytes };
        let failed = |error| Failure::because(StatusCode::BAD_REQUEST, "decoding the body", error);
        serde_json::from_slice(text).map_err(failed)
    }

    /// Does what blocks on a thread of its own.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service) -> Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let service = Arc::clone(&self.service);
        let failed = |_| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "the request's thread has died");
        Ok(tokio::task::spawn_blocking(move || work(&service)).await.map_err(failed)??)
    }
}
