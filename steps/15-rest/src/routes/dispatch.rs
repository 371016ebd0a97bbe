//! From a request to its handler.

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};

use super::matching::Path;
use super::{Endpoint, known};
use crate::answer::{Answer, Failure};
use crate::api;
use crate::call::{self, Call};
use crate::query::Query;
use crate::server::From;

/// Answers a request.
// ANCHOR: dispatch
pub(crate) async fn dispatch(mut request: Request<Incoming>, from: From) -> Result<Answer, Failure> {
    let upgrade = hyper::upgrade::on(&mut request);
    let (head, body) = request.into_parts();
    let (path, endpoint, names, query) = match understood(&head) {
        Ok(understood) => understood,
        Err(failure) => {
            // A client that is still sending when the connection ends would not look for the answer.
            call::pass_over(body).await;
            return Err(failure);
        }
    };
    let (libpod, version) = (path.libpod, path.version);
    (endpoint.handler)(Call {
        service: from.service,
        idle: from.idle,
        libpod,
        version,
        names,
        query,
        headers: head.headers,
        body: Some(body),
        upgrade: Some(upgrade),
    })
    .await
}
// ANCHOR_END: dispatch

/// What is asked of whom.
fn understood(head: &Parts) -> Result<(Path, &'static Endpoint, Vec<String>, Query), Failure> {
    let path = Path::parse(head.uri.path()).ok_or_else(|| Failure::bad("the path is not text, or has a wrong part"))?;
    let (endpoint, names) = find(&path, head.method.as_str())?;
    let query = Query::parse(head.uri.query().unwrap_or_default())?;
    query.only(&endpoint.query.iter().map(|(name, _)| *name).collect::<Vec<_>>())?;
    Ok((path, endpoint, names, query))
}

/// The route of a path: answered, known, or unknown; the one with the most words when several fit.
fn find(path: &Path, method: &str) -> Result<(&'static Endpoint, Vec<String>), Failure> {
    let here = api::endpoints().filter_map(|endpoint| {
        let (words, names) = path.fits(endpoint.path)?;
        Some((words, endpoint.method, endpoint.path, Some((endpoint, names))))
    });
    // What is answered comes last: of two that fit alike, the last counts.
    let known = known::routes().filter_map(|(method, known)| Some((path.fits(known)?.0, method, known, None)));
    let fitting: Vec<_> = known.chain(here).collect();
    let of_method = fitting.iter().filter(|(_, known, ..)| *known == method || *known == "ANY");
    match of_method.max_by_key(|(words, ..)| *words) {
        Some((_, _, _, Some((endpoint, names)))) => Ok((endpoint, names.clone())),
        Some((_, _, known, None)) => Err(Failure::absent(format!("{method} {known}"))),
        None if fitting.is_empty() => Err(Failure::new(StatusCode::NOT_FOUND, "page not found")),
        None => Err(Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")),
    }
}
