//! Further programs in a container: one request makes a session, another one starts it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::containers::find;
use super::{add, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::docker::exec::{Asked, ExecInspect};
use crate::hijack::{Wants, check, hijack};
use crate::routes::{Endpoint, Shape, handler};
use crate::session::{Session, Window};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    CREATE,
    Endpoint { path: "/libpod/containers/{name}/exec", ..CREATE },
    START,
    Endpoint { path: "/libpod/exec/{id}/start", ..START },
    INSPECT,
    Endpoint { path: "/libpod/exec/{id}/json", ..INSPECT },
    RESIZE,
    Endpoint { path: "/libpod/exec/{id}/resize", ..RESIZE },
];

const CREATE: Endpoint = Endpoint {
    method: "POST",
    path: "/containers/{name}/exec",
    about: "Prepares a program to be run in a container",
    query: &[],
    body: Some(Shape::Document(reference::<Asked>)),
    answer: (201, Shape::Document(reference::<Id>)),
    others: &[(404, "There is no such container"), (409, "It does not run")],
    handler: handler!(create),
};

const START: Endpoint = Endpoint {
    path: "/exec/{id}/start",
    about: "Runs it; its standard streams are the connection",
    body: Some(Shape::Document(reference::<Begin>)),
    answer: (200, Shape::Connection),
    others: &[(404, "There is no such session"), (409, "It was started already")],
    handler: handler!(start),
    ..CREATE
};

const INSPECT: Endpoint = Endpoint {
    method: "GET",
    path: "/exec/{id}/json",
    about: "What became of it",
    body: None,
    answer: (200, Shape::Document(reference::<ExecInspect>)),
    others: &[(404, "There is no such session")],
    handler: handler!(inspect),
    ..CREATE
};

const RESIZE: Endpoint = Endpoint {
    path: "/exec/{id}/resize",
    about: "Sets the size of its terminal",
    query: &[("h", "Rows"), ("w", "Columns"), ("running", "Nothing is wrong with one that does not run")],
    body: None,
    answer: (201, Shape::Nothing),
    others: &[(404, "There is no such session"), (409, "It has no terminal")],
    handler: handler!(resize),
    ..CREATE
};

/// Which session was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ExecCreated)]
struct Id {
    id: String,
}

/// How it is started.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = ExecStart)]
struct Begin {
    detach: bool,
    tty: bool,
    #[serde(alias = "h")]
    height: u16,
    #[serde(alias = "w")]
    width: u16,
    /// Docker's form of the size: rows and columns.
    console_size: Option<[u16; 2]>,
}

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<Asked>(all);
    add::<Id>(all);
    add::<Begin>(all);
    add::<ExecInspect>(all);
}

/// As many ended sessions are remembered.
const KEPT: usize = 256;

/// All sessions of this service, by id.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

impl Sessions {
    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, session: Session) -> String {
        let mut all = self.all();
        if all.len() > KEPT {
            all.retain(|_, session| !session.has_ended());
        }
        let id = session.id.clone();
        all.insert(id.clone(), Arc::new(session));
        id
    }

    fn get(&self, id: &str) -> Result<Arc<Session>, Failure> {
        let no = || {
            Failure::because(
                StatusCode::NOT_FOUND,
                &format!("no exec session with ID {id} found"),
                "no such exec session",
            )
        };
        self.all().get(id).cloned().ok_or_else(no)
    }

    /// The sessions of a container that have not ended.
    pub(crate) fn of(&self, container: &str) -> Vec<String> {
        let of = |session: &&Arc<Session>| session.container == container && !session.has_ended();
        self.all().values().filter(of).map(|session| session.id.clone()).collect()
    }
}

async fn create(mut call: Call) -> Result<Answer, Failure> {
    let asked: Asked = call.document().await?;
    let (record, status) = find(&call).await?;
    if !status.is_running() {
        let text = format!(
            "can only create exec sessions on running containers: container {} is {}",
            record.id,
            status.phase.name()
        );
        return Err(Failure::because(StatusCode::CONFLICT, &text, "container state improper"));
    }
    let id = engine::names::id()?;
    let id = call.service.sessions.add(Session::new(id, record.id, asked)?);
    Ok(answer::json(StatusCode::CREATED, &Id { id }))
}

// ANCHOR: start
async fn start(mut call: Call) -> Result<Answer, Failure> {
    let begin: Begin = call.document().await?;
    let session = call.service.sessions.get(call.name())?;
    let window = match begin.console_size {
        Some([rows, columns]) => Window { rows, columns },
        None => Window { rows: begin.height, columns: begin.width },
    };
    let wants = Wants {
        input: session.asked.attach_stdin,
        output: session.asked.attach_stdout,
        errors: session.asked.attach_stderr,
        terminal: session.asked.tty,
    };
    if !begin.detach {
        check(&call, wants)?;
    }
    let running = session.start(&call.service.program, window)?;
    if begin.detach {
        tokio::spawn(async move { running.finish(&session).await });
        return Ok(answer::empty(StatusCode::OK));
    }
    hijack(&mut call, wants, |attached| async move { running.relay(&session, attached).await })
}
// ANCHOR_END: start

async fn inspect(call: Call) -> Result<Answer, Failure> {
    let session = call.service.sessions.get(call.name())?;
    answer::ok(&session.inspect())
}

async fn resize(call: Call) -> Result<Answer, Failure> {
    let (rows, columns) = super::attach::size(&call)?;
    let session = call.service.sessions.get(call.name())?;
    match session.resize(Window { rows, columns }) {
        false if !call.query.flag("running", false)? => {
            Err(Failure::new(StatusCode::CONFLICT, "the exec session has no terminal now"))
        }
        _ => Ok(answer::empty(StatusCode::CREATED)),
    }
}
