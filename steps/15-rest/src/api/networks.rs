//! Networks that containers share: there are none, and that is the answer.

use hyper::StatusCode;

use super::system::object;
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    LIST,
    Endpoint { path: "/libpod/networks/json", ..LIST },
    INSPECT,
    Endpoint { path: "/libpod/networks/{name}", ..INSPECT },
    Endpoint { path: "/libpod/networks/{name}/json", ..INSPECT },
    Endpoint { path: "/libpod/networks/{name}/exists", answer: (204, Shape::Nothing), ..INSPECT },
];

const LIST: Endpoint = Endpoint {
    method: "GET",
    path: "/networks",
    about: "Networks that containers share",
    query: &[("filters", "Whatever is asked for, there is none that fits")],
    body: None,
    answer: (200, Shape::Document(list)),
    others: &[],
    handler: handler!(all),
};

const INSPECT: Endpoint = Endpoint {
    path: "/networks/{name}",
    about: "One of them",
    query: &[("verbose", "Nothing more is said"), ("scope", "All are of this machine")],
    answer: (200, Shape::Document(object)),
    others: &[(404, "There is no such network")],
    handler: handler!(inspect),
    ..LIST
};

fn list() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    utoipa::openapi::schema::ArrayBuilder::new().items(object()).into()
}

async fn all(_call: Call) -> Result<Answer, Failure> {
    answer::ok(&network::list())
}

async fn inspect(call: Call) -> Result<Answer, Failure> {
    let tried = format!("unable to find network with name or ID {}", call.name());
    Err(Failure::because(StatusCode::NOT_FOUND, &tried, "network not found"))
}
