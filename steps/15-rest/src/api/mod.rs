//! One handler a request.

mod attach;
mod containers;
mod create;
mod events;
mod exec;
mod image_verbs;
mod images;
mod logs;
mod networks;
mod pull;
mod start;
mod system;
mod top;
mod verbs;
mod volumes;
mod wait;

use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::answer::ErrorModel;
use crate::routes::Endpoint;

pub(crate) use exec::Sessions;

/// All routes that are answered.
pub(crate) fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    let areas = [
        system::ENDPOINTS,
        images::ENDPOINTS,
        containers::ENDPOINTS,
        create::ENDPOINTS,
        start::ENDPOINTS,
        wait::ENDPOINTS,
        attach::ENDPOINTS,
        verbs::ENDPOINTS,
        exec::ENDPOINTS,
        logs::ENDPOINTS,
        pull::ENDPOINTS,
        image_verbs::ENDPOINTS,
        top::ENDPOINTS,
        networks::ENDPOINTS,
        events::ENDPOINTS,
        volumes::ENDPOINTS,
    ];
    areas.into_iter().flatten()
}

/// The documents that the description of the API speaks of, by name.
pub(crate) fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut all = Vec::new();
    add::<ErrorModel>(&mut all);
    system::schemas(&mut all);
    images::schemas(&mut all);
    containers::schemas(&mut all);
    create::schemas(&mut all);
    wait::schemas(&mut all);
    verbs::schemas(&mut all);
    exec::schemas(&mut all);
    image_verbs::schemas(&mut all);
    top::schemas(&mut all);
    events::schemas(&mut all);
    volumes::schemas(&mut all);
    all
}

/// A document's schema, and those of the documents in it.
fn add<T: ToSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((T::name().into_owned(), T::schema()));
    T::schemas(all);
}

/// Refers to a document by its name.
fn reference<T: ToSchema>() -> RefOr<Schema> {
    utoipa::openapi::Ref::from_schema_name(T::name()).into()
}

/// A list of such documents.
fn list<T: ToSchema + PartialSchema>() -> RefOr<Schema> {
    utoipa::openapi::schema::ArrayBuilder::new().items(reference::<T>()).into()
}

#[cfg(test)]
mod tests {
    /// Of two documents with one name, references would mean either.
    #[test]
    fn names_are_unambiguous() {
        let mut known = std::collections::BTreeMap::new();
        for (name, schema) in super::schemas() {
            let text = serde_json::to_string(&schema).unwrap();
            let before = known.insert(name.clone(), text.clone()).unwrap_or_else(|| text.clone());
            assert_eq!(before, text, "{name}");
        }
    }
}
