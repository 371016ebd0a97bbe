//! An image on its way into the store, whoever brings it: an archive, a registry, a build.

use std::fs::{self, File};
use std::io::Read;

use process::{Error, Result, code};
use rustix::fs::{FlockOperation, flock};

use crate::disk::{Scratch, make_dir};
use crate::layer::{self, Expected};
use crate::reference::split;
use crate::{Digest, Image, Store, config};

/// Overlay takes at most 500 lower directories.
const LAYERS: usize = 500;

/// The documents of an image, as they are.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    /// The configuration: its digest is the image's ID.
    pub config: Vec<u8>,
    /// The manifest.
    pub manifest: Vec<u8>,
    /// The list (index) in which the manifest was found, if it was.
    pub list: Option<Vec<u8>>,
}

/// Work in progress: nobody finds anything of it before [`Ingest::finish`], and what is not finished is gone.
pub struct Ingest<'a> {
    store: &'a Store,
    scratch: Scratch,
    /// While this is held, no layer of the store is removed: one that was found here may be needed in the end.
    _layers: File,
}

impl Store {
    /// Begins to bring an image.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn ingest(&self) -> Result<Ingest<'_>> {
        let layers = self.layers_lock(FlockOperation::LockShared)?;
        let layers =
            layers.ok_or_else(|| Error::new("the store's layers cannot be locked").code(code::DAMAGED_STORE))?;
        Ok(Ingest { store: self, scratch: self.scratch()?, _layers: layers })
    }

    /// A lock on the existence of layers: shared by those who add some, alone for who removes some. `None` when
    /// it was not to be waited for and somebody has it.
    pub(crate) fn layers_lock(&self, operation: FlockOperation) -> Result<Option<File>> {
        let path = self.layers();
        make_dir(&path)?;
        let failed = |error: std::io::Error| Error::os(format!("lock {}", path.display()), error);
        let directory = File::open(&path).map_err(failed)?;
        match flock(&directory, operation) {
            Ok(()) => Ok(Some(directory)),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(failed(error.into())),
        }
    }
}

impl Ingest<'_> {
    /// The length of the plain tar of a layer that the store has, or that has been brought here.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn has(&self, diff_id: &Digest) -> Result<Option<u64>> {
        match layer::size(&self.store.layer(diff_id))? {
            Some(size) => Ok(Some(size)),
            None => layer::size(&self.scratch.path().join(diff_id.hex())),
        }
    }

    /// Unpacks a layer (plain, gzip or zstd) while it is read, and returns the length of its plain tar. `diff_id`
    /// is the digest of that; `blob`, if there is one, of the bytes as they come. Layers may be brought by several
    /// threads at once, but not the same one.
    ///
    /// # Errors
    /// When the stream is no layer, is not the expected one, or cannot be written; nothing of it is kept then.
    pub fn layer(&self, stream: impl Read, diff_id: &Digest, blob: Option<&Digest>) -> Result<u64> {
        let brought = layer::apply(self.store, self.scratch.path(), stream, &Expected { diff_id, blob });
        if brought.is_err() {
            let _ = fs::remove_dir_all(self.scratch.path().join(diff_id.hex()));
        }
        brought
    }

    /// Layers, then documents, then the record, then the names, so that whatever is named is complete. `names`
    /// are full ones: `repository:tag`, or `repository@sha256:...`.
    ///
    /// # Errors
    /// When a layer is missing, a document is not what it should be, or the store cannot be written.
    // ANCHOR: finish
    pub fn finish(&self, documents: &Documents, names: &[String]) -> Result<Image> {
        let parsed = config::parse(&documents.config)?;
        let mut size = (documents.config.len() + documents.manifest.len()) as u64;
        for diff_id in &parsed.diff_ids {
            size += self
                .has(diff_id)?
                .ok_or_else(|| Error::new(format!("layer {diff_id} is missing")).code(code::DAMAGED_STORE))?;
        }
        // Not before all of them are right: an error in the last one leaves nothing of the others.
        for diff_id in &parsed.diff_ids {
            layer::publish(self.store, self.scratch.path(), diff_id)?;
        }
        let id = self.put(&documents.config)?;
        let digest = self.put(&documents.manifest)?;
        let list = documents.list.as_ref().map(|list| self.put(list)).transpose()?;
        let mut repo_digests: Vec<String> = Vec::new();
        for name in names {
            for digest in [Some(&digest), list.as_ref()].into_iter().flatten() {
                let known = format!("{}@{digest}", split(name).0);
                if !repo_digests.contains(&known) {
                    repo_digests.push(known);
                }
            }
        }
        let image = Image {
            id: id.hex().to_string(),
            names: Vec::new(),
            digest: digest.to_string(),
            repo_digests,
            created: parsed.created.unwrap_or_else(|| jiff::Timestamp::now().to_string()),
            size,
            layers: parsed.diff_ids.iter().map(Digest::to_string).collect(),
            config: parsed.config,
        };
        self.store.record(&self.scratch, &image, names)
    }
    // ANCHOR_END: finish

    /// Stores a document under its digest.
    fn put(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        let path = self.store.blob(&digest);
        make_dir(path.parent().unwrap_or(&path))?;
        if !path.exists() {
            self.scratch.publish(&path, bytes)?;
        }
        Ok(digest)
    }

    /// The directory for work in progress.
    #[must_use]
    pub fn scratch(&self) -> &std::path::Path {
        self.scratch.path()
    }
}

/// The diff IDs of a configuration and of how many layers its manifest must have as many.
///
/// # Errors
/// When it is no configuration, or the numbers differ, or are too large for overlay.
pub fn diff_ids(config: &[u8], layers: usize) -> Result<Vec<Digest>> {
    let diff_ids = config::parse(config)?.diff_ids;
    if diff_ids.len() != layers || layers > LAYERS {
        return Err(Error::new(format!(
            "image has {layers} layers and {} diff IDs (at most {LAYERS})",
            diff_ids.len()
        ))
        .code(code::BAD_MANIFEST));
    }
    Ok(diff_ids)
}
