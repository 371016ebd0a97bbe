//! What is known of a container.

use std::fs;
use std::path::Path;

use process::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::state::write;

/// The record of a container: one JSON document, replaced as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image's id and the name that it was asked for by.
    pub image: (String, String),
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Seconds since 1970.
    pub created: u64,
    /// Whether it is removed when it ends (`--rm`).
    pub remove: bool,
    /// Its exit status, once it has ended.
    pub exit_code: Option<u8>,
}

impl Record {
    /// The record in a container's directory; `None` when there is none (yet).
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(directory: &Path) -> Result<Option<Record>> {
        let path = directory.join("container.json");
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| Error::because(format!("parse {}", path.display()), error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::os(format!("read {}", path.display()), error)),
        }
    }

    /// Writes it, under a temporary name first: a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When the disk is full, say.
    pub fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join("container.json");
        let draft = directory.join("container.json.new");
        let text = serde_json::to_vec(self).map_err(|error| Error::because("write a container's record", error))?;
        write(&draft, &text)?;
        fs::rename(&draft, &path).map_err(|error| Error::os(format!("write {}", path.display()), error))
    }

    /// The same, ended.
    #[must_use]
    pub fn exited(self, status: u8) -> Record {
        Record { exit_code: Some(status), ..self }
    }
}
