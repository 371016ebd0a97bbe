//! To be at a container's terminal.

use hyper::StatusCode;
use monitor::message::Message;
use tokio::sync::oneshot;

use super::containers::find;
use super::start::dial;
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::hijack::{Attached, Wants, hijack};
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    ATTACH,
    Endpoint { path: "/libpod/containers/{name}/attach", ..ATTACH },
    RESIZE,
    Endpoint { path: "/libpod/containers/{name}/resize", ..RESIZE },
];

const ATTACH: Endpoint = Endpoint {
    method: "POST",
    path: "/containers/{name}/attach",
    about: "The container's standard streams; of one that does not run yet, from its start on",
    query: &[
        ("stream", "Always"),
        ("stdin", "Pass on what comes"),
        ("stdout", "Pass on its standard output"),
        ("stderr", "Pass on its standard error"),
        ("logs", "What it wrote before comes first"),
        ("detachKeys", "The client's own"),
    ],
    body: None,
    answer: (200, Shape::Connection),
    others: &[(404, "There is no such container"), (409, "It does not run any more")],
    handler: handler!(attach),
};

const RESIZE: Endpoint = Endpoint {
    path: "/containers/{name}/resize",
    about: "Sets the size of the container's terminal",
    query: &[("h", "Rows"), ("w", "Columns"), ("running", "Nothing is wrong with one that does not run")],
    answer: (200, Shape::Nothing),
    others: &[(404, "There is no such container"), (409, "It does not run")],
    handler: handler!(resize),
    ..ATTACH
};

// ANCHOR: attach
async fn attach(mut call: Call) -> Result<Answer, Failure> {
    let (record, status) = find(&call).await?;
    let some = ["stdin", "stdout", "stderr"].iter().any(|name| call.query.get(name).is_some());
    let wants = Wants {
        input: call.query.flag("stdin", !some)? && record.options.interactive,
        output: call.query.flag("stdout", !some)?,
        errors: call.query.flag("stderr", !some)?,
        terminal: record.options.terminal,
    };
    if !wants.input && !wants.output && !wants.errors && !call.query.flag("stdin", false)? {
        return Err(Failure::bad("at least one of stdin, stdout, stderr must be true"));
    }
    if call.query.flag("logs", false)? {
        return Err(Failure::absent("query parameter \"logs\" of attach"));
    }
    if status.is_running() {
        let link = dial(&call, &record.id, &[Message::Attach]).await?.ok_or_else(|| ended(&record.id))?;
        let relay = |attached: Attached| async move {
            let _ = attached.relay(&link).await;
        };
        return hijack(&mut call, wants, relay);
    }
    // Docker's client attaches first and starts then; the start takes the connection along.
    let (sender, coming) = oneshot::channel();
    call.service.lives.attach(&record.id, coming);
    hijack(&mut call, wants, |attached| async move { drop(sender.send(attached)) })
}
// ANCHOR_END: attach

fn ended(id: &str) -> Failure {
    Failure::new(StatusCode::CONFLICT, format!("container {id} is not running: container state improper"))
}

/// A size of the query.
pub(super) fn size(call: &Call) -> Result<(u16, u16), Failure> {
    let number = |name: &str| {
        let number = call.query.need(name)?.parse();
        number.map_err(|_| Failure::bad(format!("failed to parse query parameter '{name}'")))
    };
    Ok((number("h")?, number("w")?))
}

async fn resize(call: Call) -> Result<Answer, Failure> {
    let (rows, columns) = size(&call)?;
    let (record, status) = find(&call).await?;
    let link =
        if status.is_running() { dial(&call, &record.id, &[Message::Window(rows, columns)]).await? } else { None };
    match link {
        None if !call.query.flag("running", false)? => Err(ended(&record.id)),
        _ => Ok(answer::empty(StatusCode::OK)),
    }
}
