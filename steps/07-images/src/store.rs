//! The store: what is where, and what is called what.
//!
//! ```text
//! blobs/sha256/HEX          configurations and manifests
//! layers/sha256/HEX/diff    the directory of a layer, HEX its diff ID
//! images/ID.json            an image: what `find` gives back
//! names/NAME                the ID that a name stands for now
//! tmp/                      work in progress, and locks
//! ```
//!
//! `names/` is the truth about names. A record repeats them for `images`, and lists a name before `names/` does:
//! a crash in between leaves a record that claims too much, and reading it leaves those names out.

use std::fs;
use std::path::{Path, PathBuf};

use process::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::archive::JSON_LIMIT;
use crate::digest::{is_hex, is_hex_prefix};
use crate::disk::{Lock, Scratch, make_dir, read_if_exists};
use crate::reference::{Reference, split};
use crate::{Config, Digest};

/// What an image may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one plain layer, and of one archive.
    pub layer_bytes: u64,
    /// Entries of one layer.
    pub layer_entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { layer_bytes: 128 << 30, layer_entries: 4_000_000 }
    }
}

/// An image of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The sha256 of its configuration, 64 digits.
    pub id: String,
    /// Its full names.
    pub names: Vec<String>,
    /// `sha256:...` of its manifest.
    pub digest: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// Bytes of its plain layers and documents.
    pub size: u64,
    /// Diff IDs, `sha256:...`, lowest first.
    pub layers: Vec<String>,
    /// How to run it.
    pub config: Config,
}

/// What a name stands for.
#[derive(Serialize, Deserialize)]
struct Named {
    id: String,
}

/// Images on disk.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    limits: Limits,
}

impl Store {
    /// The store in `root`; nothing is made before something is stored.
    ///
    /// # Errors
    /// When the path is empty.
    pub fn open(root: &Path) -> Result<Self> {
        if root.as_os_str().is_empty() {
            return Err(Error::new("the root of the store is empty"));
        }
        Ok(Store { root: root.to_path_buf(), limits: Limits::default() })
    }

    /// The same store with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Store { limits, ..self }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The image that `name` means: a name, short or full, with a digest or without; an ID or its beginning.
    ///
    /// # Errors
    /// `NAME: image not known`, or when a prefix fits several.
    // ANCHOR: find
    pub fn find(&self, name: &str) -> Result<Image> {
        let id = name.strip_prefix("sha256:").unwrap_or(name);
        if is_hex(id) {
            return self.read(id)?.ok_or_else(|| unknown(name));
        }
        if let Ok(reference) = Reference::parse(name) {
            match reference.digest() {
                Some(digest) => return self.by_digest(&reference, digest)?.ok_or_else(|| unknown(name)),
                None => {
                    for full in reference.candidates() {
                        if let Some(id) = self.named(&full)?
                            && let Some(image) = self.read(&id)?
                        {
                            return Ok(image);
                        }
                    }
                }
            }
        }
        if is_hex_prefix(id) { self.by_prefix(id, name) } else { Err(unknown(name)) }
    }
    // ANCHOR_END: find

    /// All images, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self) -> Result<Vec<Image>> {
        let mut images = Vec::new();
        for id in self.ids()? {
            images.extend(self.read(&id)?);
        }
        let time = |image: &Image| image.created.parse::<jiff::Timestamp>().ok();
        images.sort_by(|a, b| time(b).cmp(&time(a)).then_with(|| a.id.cmp(&b.id)));
        Ok(images)
    }

    /// The directories of the image's layers, the top one first, as overlay's `lowerdir` wants them.
    #[must_use]
    pub fn layer_dirs(&self, image: &Image) -> Vec<PathBuf> {
        let digests = image.layers.iter().rev().filter_map(|layer| Digest::parse(layer).ok());
        digests.map(|digest| self.layer(&digest).join("diff")).collect()
    }

    /// Writes the record of `image`, and lets `names` stand for it from now on.
    pub(crate) fn record(&self, scratch: &Scratch, image: &Image, names: &[String]) -> Result<Image> {
        make_dir(&self.root.join("images"))?;
        make_dir(&self.root.join("names"))?;
        let image = self.rewrite(scratch, &image.id, |known| {
            let mut image = Image { names: known.map(|known| known.names).unwrap_or_default(), ..image.clone() };
            let new = names.iter().filter(|name| !image.names.contains(name)).cloned().collect::<Vec<_>>();
            image.names.extend(new);
            Some(image)
        })?;
        for name in names {
            let before = self.named(name)?;
            scratch.publish(&self.name(name), &encode(&Named { id: image.id.clone() }))?;
            if let Some(before) = before.filter(|before| *before != image.id) {
                // The image that had the name keeps its others; reading leaves out those that moved.
                self.rewrite(scratch, &before, |known| known)?;
            }
        }
        self.read(&image.id)?.ok_or_else(|| unknown(&image.id))
    }

    /// Replaces a record under its lock.
    fn rewrite(
        &self,
        scratch: &Scratch,
        id: &str,
        change: impl FnOnce(Option<Image>) -> Option<Image>,
    ) -> Result<Image> {
        let _lock = Lock::take(&self.root.join("tmp").join(id))?;
        let image = change(self.read(id)?).ok_or_else(|| unknown(id))?;
        scratch.publish(&self.root.join("images").join(id).with_extension("json"), &encode(&image))?;
        Ok(image)
    }

    /// The record of an ID, with the names that still stand for it.
    fn read(&self, id: &str) -> Result<Option<Image>> {
        let path = self.root.join("images").join(id).with_extension("json");
        let Some(bytes) = read_if_exists(&path, JSON_LIMIT)? else { return Ok(None) };
        let mut image: Image = decode(&path, &bytes)?;
        let mut names = Vec::new();
        for name in image.names {
            if self.named(&name)?.as_deref() == Some(id) {
                names.push(name);
            }
        }
        image.names = names;
        Ok(Some(image))
    }

    /// The ID that a full name stands for.
    fn named(&self, name: &str) -> Result<Option<String>> {
        let path = self.name(name);
        let Some(bytes) = read_if_exists(&path, 4096)? else { return Ok(None) };
        let named: Named = decode(&path, &bytes)?;
        Ok(Some(named.id).filter(|id| is_hex(id)))
    }

    /// An image that the repository itself has under that digest: one of another repository does not count, or
    /// a name could be made to mean what its owner never pushed.
    fn by_digest(&self, reference: &Reference, digest: &Digest) -> Result<Option<Image>> {
        let repositories = reference.repositories();
        Ok(self.list()?.into_iter().find(|image| {
            image.digest == digest.to_string()
                && image.names.iter().any(|name| repositories.iter().any(|known| known == split(name).0))
        }))
    }

    fn by_prefix(&self, prefix: &str, name: &str) -> Result<Image> {
        let mut fitting = self.ids()?.into_iter().filter(|id| id.starts_with(prefix));
        match (fitting.next(), fitting.next()) {
            (Some(id), None) => self.read(&id)?.ok_or_else(|| unknown(name)),
            (Some(_), Some(_)) => Err(Error::new(format!("{name}: more than one image has an ID that begins so"))),
            _ => Err(unknown(name)),
        }
    }

    fn ids(&self) -> Result<Vec<String>> {
        let path = self.root.join("images");
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::os(format!("read {}", path.display()), error)),
        };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        Ok(names.filter_map(|name| name.strip_suffix(".json").filter(|id| is_hex(id)).map(str::to_string)).collect())
    }

    fn name(&self, name: &str) -> PathBuf {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let encoded = name.bytes().map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        });
        self.root.join("names").join(encoded.collect::<String>())
    }

    pub(crate) fn layer(&self, diff_id: &Digest) -> PathBuf {
        self.root.join("layers/sha256").join(diff_id.hex())
    }

    pub(crate) fn blob(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    /// A directory for work in progress.
    pub(crate) fn scratch(&self) -> Result<Scratch> {
        Scratch::new(&self.root.join("tmp"))
    }
}

fn unknown(name: &str) -> Error {
    Error::new(format!("{name}: image not known"))
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn decode<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::because(format!("parsing {}", path.display()), error))
}
