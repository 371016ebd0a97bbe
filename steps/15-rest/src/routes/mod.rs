//! Every path that Podman knows, and what answers it.

pub mod describe;
mod dispatch;
mod endpoint;
mod known;
mod matching;

pub(crate) use dispatch::dispatch;
pub(crate) use endpoint::{Endpoint, Shape, handler};

/// `(method, path, whether it is answered)` of every route, as Podman's documentation writes them.
#[must_use]
pub fn all() -> Vec<(&'static str, &'static str, bool)> {
    let here = crate::api::endpoints().map(|endpoint| (endpoint.method, endpoint.path, true));
    here.chain(known::absent().map(|(method, path)| (method, path, false))).collect()
}
