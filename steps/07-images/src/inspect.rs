//! What is known of an image, as Podman shows it.

use process::Result;
use serde_json::{Map, Value, json};

use crate::archive::JSON_LIMIT;
use crate::disk::read_if_exists;
use crate::{Digest, Image, Store};

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// What of an image configuration's `config` Podman shows.
const CONFIG: [&str; 12] = [
    "User",
    "ExposedPorts",
    "Env",
    "Entrypoint",
    "Cmd",
    "Volumes",
    "WorkingDir",
    "Labels",
    "StopSignal",
    "ArgsEscaped",
    "OnBuild",
    "Healthcheck",
];

/// Everything about an image: the object that `image inspect` prints.
///
/// # Errors
/// When its documents cannot be read.
pub fn inspect(store: &Store, image: &Image) -> Result<Value> {
    let document = document(store, &image.id)?;
    let manifest = document_of(store, &image.digest)?;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    let mut config = Map::new();
    for name in CONFIG {
        let found = document.get("config").and_then(|config| config.get(name));
        if let Some(found) = found.filter(|value| !is_empty(value)) {
            config.insert(name.to_string(), found.clone());
        }
    }
    let history = document.get("history").cloned().unwrap_or_else(|| json!([]));
    let comment = history.as_array().and_then(|all| all.last()).map(|last| text(last, "comment")).unwrap_or_default();
    let labels = config.get("Labels").cloned().unwrap_or(Value::Null);
    let dirs = store.layer_dirs(image);
    let mut data = Map::new();
    if let Some((top, below)) = dirs.split_first() {
        data.insert("UpperDir".into(), json!(top));
        if !below.is_empty() {
            let below: Vec<String> = below.iter().map(|dir| dir.display().to_string()).collect();
            data.insert("LowerDir".into(), json!(below.join(":")));
        }
    }
    let mut shown = json!({
        "Id": image.id,
        "Digest": image.digest,
        "RepoTags": image.repo_tags(),
        "RepoDigests": image.known_digests(),
        "Parent": "",
        "Comment": comment,
        "Created": image.created,
        "Config": config,
        "Version": text(&document, "docker_version"),
        "Author": text(&document, "author"),
        "Architecture": text(&document, "architecture"),
        "Os": text(&document, "os"),
        "Size": image.size,
        "VirtualSize": image.size,
        "GraphDriver": { "Name": "overlay", "Data": data },
        "RootFS": { "Type": "layers", "Layers": image.layers },
        "Labels": labels,
        "Annotations": manifest.get("annotations").cloned().unwrap_or_else(|| json!({})),
        "ManifestType": manifest.get("mediaType").and_then(Value::as_str).unwrap_or(MANIFEST_TYPE),
        "User": image.config.user,
        "History": history,
        "NamesHistory": image.names,
    });
    let variant = text(&document, "variant");
    if let Some(shown) = shown.as_object_mut() {
        if !variant.is_empty() {
            shown.insert("Variant".into(), variant.into());
        }
        if let Some(check) = shown.get("Config").and_then(|config| config.get("Healthcheck")).cloned() {
            shown.insert("HealthCheck".into(), check);
        }
    }
    Ok(shown)
}

/// The same with the empty values that JSON leaves out, for templates: to Go they are fields of a struct.
#[must_use]
pub fn with_empty(mut shown: Value) -> Value {
    let Some(fields) = shown.as_object_mut() else { return shown };
    fields.entry("HealthCheck").or_insert(Value::Null);
    fields.entry("Variant").or_insert_with(|| json!(""));
    let Some(config) = fields.get_mut("Config").and_then(Value::as_object_mut) else { return shown };
    for name in CONFIG {
        let empty = match name {
            "User" | "WorkingDir" | "StopSignal" => json!(""),
            "ExposedPorts" | "Volumes" | "Labels" => json!({}),
            "ArgsEscaped" => json!(false),
            "Healthcheck" => Value::Null,
            _ => json!([]),
        };
        config.entry(name).or_insert(empty);
    }
    shown
}

/// The object that `images --format json` prints, and the API's lists are made of.
#[must_use]
pub fn summary(image: &Image) -> Value {
    let created = image.created.parse::<jiff::Timestamp>().unwrap_or_default();
    json!({
        "Id": image.id,
        "ParentId": "",
        "RepoTags": image.repo_tags(),
        "RepoDigests": image.known_digests(),
        "Size": image.size,
        "SharedSize": 0,
        "VirtualSize": image.size,
        "Labels": if image.config.labels.is_empty() { Value::Null } else { json!(image.config.labels) },
        "Containers": 0,
        "Names": image.names,
        "Digest": image.digest,
        "History": image.names,
        "Created": created.as_second(),
        "CreatedAt": created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "Arch": image.config.architecture,
        "Os": "linux",
        "Dangling": image.names.is_empty(),
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(items) => items.is_empty(),
        _ => false,
    }
}

fn document_of(store: &Store, digest: &str) -> Result<Value> {
    document(store, digest.strip_prefix("sha256:").unwrap_or(digest))
}

/// A document of the store by the digits of its digest; null when it is not there.
fn document(store: &Store, hex: &str) -> Result<Value> {
    let path = store.blob(&Digest::parse(&format!("sha256:{hex}"))?);
    let bytes = read_if_exists(&path, JSON_LIMIT)?.unwrap_or_default();
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}
