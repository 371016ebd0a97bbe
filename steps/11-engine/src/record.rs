//! What is known of a container, and never changes but for its name.

use std::fs;
use std::path::Path;

use confinement::label::Label;
use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

use crate::Options;
use crate::state::write;

/// The record of a container: one JSON document, replaced as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image's id.
    pub image_id: String,
    /// The image's full name, as it was when the container was made.
    pub image: String,
    /// The program and its arguments: what was asked for, or the image's.
    pub command: Vec<String>,
    /// RFC 3339.
    pub created: String,
    /// The names of its volumes; those that were made for it alone are marked.
    pub volumes: Vec<Mounted>,
    /// What SELinux calls its processes and files, where there is SELinux.
    #[serde(default)]
    pub label: Option<Label>,
    /// All that was asked for.
    pub options: Options,
}

/// A volume of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mounted {
    /// The volume's name.
    pub name: String,
    /// Its place in the container.
    pub destination: String,
    /// `ro`, `nocopy` and so on.
    pub options: Vec<String>,
    /// It is removed with the container (`rm -v`, `--rm`).
    pub anonymous: bool,
}

impl Record {
    /// The record in a container's directory; `None` when there is none (yet).
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(directory: &Path) -> Result<Option<Record>> {
        read(&directory.join("container.json"))
    }

    /// Writes it: a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When the disk is full, say.
    pub fn write(&self, directory: &Path) -> Result<()> {
        replace(&directory.join("container.json"), self)
    }

    /// The first twelve digits of the id.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.id[..12]
    }
}

/// Reads a document; `None` when there is none.
pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match process::file::read(path, usize::MAX) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| Error::because(format!("parse {}", path.display()), error).code(code::DAMAGED_STATE)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::os(format!("read {}", path.display()), error)),
    }
}

/// Writes a document, under a temporary name first. Only who holds the container's lock does it.
pub(crate) fn replace(path: &Path, document: &impl Serialize) -> Result<()> {
    let draft = path.with_extension("json.new");
    let text = serde_json::to_vec(document)
        .map_err(|error| Error::because(format!("write {}", path.display()), error).code(code::INTERNAL))?;
    write(&draft, &text)?;
    fs::rename(&draft, path).map_err(|error| Error::os(format!("write {}", path.display()), error))
}
