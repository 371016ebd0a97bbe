//! What whoever answers for a container's system calls is told of it.

use std::path::Path;

use serde_json::{Value, json};

use crate::Record;

/// The state as an OCI runtime has it (runtime-spec, runtime.md, "State"); our own directory of the container stands for its
/// bundle.
pub(crate) fn state(record: &Record, directory: &Path, status: &str) -> Value {
    json!({
        "ociVersion": runtime::VERSION,
        "id": record.id,
        "status": status,
        "bundle": directory,
        "annotations": record.options.annotations,
    })
}
