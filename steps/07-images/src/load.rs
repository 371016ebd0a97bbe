//! From an archive to the store: layers, then documents, then the record, then the names, so that whatever is
//! named is complete.

use std::fs::File;
use std::path::Path;

use process::{Error, Result};

use crate::archive::{Archive, Candidate};
use crate::disk::Scratch;
use crate::layer::{self, Expected};
use crate::{Digest, Image, Store, config};

/// Overlay takes at most 500 lower directories.
const LAYERS: usize = 500;

impl Store {
    /// Stores the images of the archive at `archive` and returns their names; one without a name is
    /// `sha256:ID`.
    ///
    /// # Errors
    /// When it is no image archive, or is not what it says.
    pub fn load(&self, archive: &Path) -> Result<Vec<String>> {
        let file = File::open(archive).map_err(|error| Error::os(format!("open {}", archive.display()), error))?;
        self.load_file(file)
    }

    /// As [`Store::load`], from an open file, which may be a pipe.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub fn load_file(&self, file: File) -> Result<Vec<String>> {
        let scratch = self.scratch()?;
        let archive = Archive::new(file, scratch.path(), self.limits())?;
        let mut loaded = Vec::new();
        for candidate in archive.images()? {
            let image = self.ingest(&scratch, &archive, &candidate)?;
            match candidate.names.is_empty() {
                true => loaded.push(format!("sha256:{}", image.id)),
                false => loaded.extend(candidate.names),
            }
        }
        Ok(loaded)
    }

    // ANCHOR: ingest
    fn ingest(&self, scratch: &Scratch, archive: &Archive, candidate: &Candidate) -> Result<Image> {
        let parsed = config::parse(&candidate.config)?;
        if parsed.diff_ids.len() != candidate.layers.len() || candidate.layers.len() > LAYERS {
            return Err(Error::new(format!(
                "image has {} layers and {} diff IDs (at most {LAYERS})",
                candidate.layers.len(),
                parsed.diff_ids.len()
            )));
        }
        let mut size = (candidate.config.len() + candidate.manifest.len()) as u64;
        for (diff_id, (member, blob)) in parsed.diff_ids.iter().zip(&candidate.layers) {
            let expected = Expected { diff_id, blob: blob.as_ref() };
            size += layer::apply(self, scratch.path(), archive.member(member)?, &expected)?;
        }
        // Not before all of them are right: an error in the last one leaves nothing of the others.
        for diff_id in &parsed.diff_ids {
            layer::publish(self, scratch.path(), diff_id)?;
        }
        let id = self.put_blob(scratch, &candidate.config)?;
        let digest = self.put_blob(scratch, &candidate.manifest)?;
        let image = Image {
            id: id.hex().to_string(),
            names: Vec::new(),
            digest: digest.to_string(),
            created: parsed.created.unwrap_or_else(|| jiff::Timestamp::now().to_string()),
            size,
            layers: parsed.diff_ids.iter().map(Digest::to_string).collect(),
            config: parsed.config,
        };
        self.record(scratch, &image, &candidate.names)
    }
    // ANCHOR_END: ingest

    /// Stores a document under its digest.
    fn put_blob(&self, scratch: &Scratch, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        let path = self.blob(&digest);
        crate::disk::make_dir(path.parent().unwrap_or(&path))?;
        if !path.exists() {
            scratch.publish(&path, bytes)?;
        }
        Ok(digest)
    }
}
