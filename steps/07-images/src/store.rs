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
//! a crash in between leaves a record that claims too much, and reading it leaves those names out. Only an image that is
//! new has its names before its record: a crash in between leaves a name that leads nowhere, and no image that nobody
//! can name.

use std::fs;
use std::path::{Path, PathBuf};

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

use crate::archive::JSON_LIMIT;
use crate::digest::{is_hex, is_hex_prefix};
use crate::disk::{Lock, Scratch, make_dir, read_if_exists};
use crate::image::union;
use crate::reference::Reference;
use crate::{Digest, Image};

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
            return Err(Error::new("the root of the store is empty").code(code::NO_HOME));
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
        let _names = self.names_lock()?;
        let publish = |name: &str| scratch.publish(&self.name(name), &encode(&Named { id: image.id.clone() }));
        if self.read(&image.id)?.is_none() {
            for name in names {
                if self.holder(name)?.is_none() {
                    publish(name)?;
                }
            }
        }
        let written = self.rewrite(scratch, &image.id, |known| {
            let (names_before, digests_before) =
                known.map(|known| (known.names, known.repo_digests)).unwrap_or_default();
            Some(Image {
                names: union(names_before, names),
                repo_digests: union(digests_before, &image.repo_digests),
                ..image.clone()
            })
        })?;
        for name in names {
            let before = self.holder(name)?;
            if before.as_ref() == Some(&image.id) {
                continue;
            }
            publish(name)?;
            if let Some(before) = before {
                // The image that had the name keeps its others; reading leaves out those that moved.
                self.rewrite(scratch, &before, |known| known)?;
            }
        }
        self.read(&written.id)?.ok_or_else(|| unknown(&written.id))
    }

    /// Held while names change hands.
    pub(crate) fn names_lock(&self) -> Result<Lock> {
        make_dir(&self.root.join("tmp"))?;
        Lock::take(&self.root.join("tmp").join("names"))
    }

    /// Lets a full name stand for nothing, if it stands for `image`.
    pub(crate) fn forget_name(&self, image: &Image, name: &str) -> Result<()> {
        let _names = self.names_lock()?;
        self.forget(image, name)
    }

    /// The same for who holds the lock.
    pub(crate) fn forget(&self, image: &Image, name: &str) -> Result<()> {
        if self.named(name)?.as_deref() == Some(image.id.as_str()) {
            let path = self.name(name);
            fs::remove_file(&path).map_err(|error| Error::os(format!("remove {}", path.display()), error))?;
        }
        Ok(())
    }

    /// The full name that `text` is of the image, unless it means the image in another way.
    pub(crate) fn untaggable(&self, image: &Image, text: &str) -> Option<String> {
        let reference = Reference::parse(text).ok()?;
        reference.candidates().into_iter().find(|name| image.names.contains(name))
    }

    /// The record of an image.
    pub(crate) fn record_path(&self, id: &str) -> PathBuf {
        self.root.join("images").join(id).with_extension("json")
    }

    /// Where documents are.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs/sha256")
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

    /// The image of this ID, whatever it is called now.
    ///
    /// # Errors
    /// `image not known`, when it is not there any more.
    pub fn get(&self, id: &str) -> Result<Image> {
        let path = self.root.join("images").join(id).with_extension("json");
        let bytes = if is_hex(id) { read_if_exists(&path, JSON_LIMIT)? } else { None };
        decode(&path, &bytes.ok_or_else(|| unknown(id))?)
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

    /// The same, of an image that is there.
    fn holder(&self, name: &str) -> Result<Option<String>> {
        let Some(id) = self.named(name)? else { return Ok(None) };
        Ok(self.read(&id)?.map(|image| image.id))
    }

    /// An image that the repository itself has under that digest: one of another repository does not count, or
    /// a name could be made to mean what its owner never pushed.
    fn by_digest(&self, reference: &Reference, digest: &Digest) -> Result<Option<Image>> {
        let wanted: Vec<String> =
            reference.repositories().iter().map(|repository| format!("{repository}@{digest}")).collect();
        Ok(self.list()?.into_iter().find(|image| image.known_digests().iter().any(|known| wanted.contains(known))))
    }

    fn by_prefix(&self, prefix: &str, name: &str) -> Result<Image> {
        let mut fitting = self.ids()?.into_iter().filter(|id| id.starts_with(prefix));
        match (fitting.next(), fitting.next()) {
            (Some(id), None) => self.read(&id)?.ok_or_else(|| unknown(name)),
            (Some(_), Some(_)) => {
                Err(Error::new(format!("{name}: more than one image has an ID that begins so")).code(code::AMBIGUOUS))
            }
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

    /// The directory whose existing layers a lock on it keeps.
    pub(crate) fn layers(&self) -> PathBuf {
        self.root.join("layers")
    }

    pub(crate) fn blob(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    /// A directory for work in progress.
    pub(crate) fn scratch(&self) -> Result<Scratch> {
        Scratch::new(&self.root.join("tmp"))
    }
}

pub(crate) fn unknown(name: &str) -> Error {
    Error::new(format!("{name}: image not known")).code(code::NO_IMAGE)
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn decode<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::because(format!("parsing {}", path.display()), error).code(code::DAMAGED_STORE))
}
