//! From an archive to the store.

use std::fs::File;
use std::path::Path;

use process::{Error, Result};

use crate::archive::{Archive, Candidate};
use crate::ingest::{self, Documents, Ingest};
use crate::{Image, Store};

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
        let ingest = self.ingest()?;
        let archive = Archive::new(file, ingest.scratch(), self.limits())?;
        let mut loaded = Vec::new();
        for candidate in archive.images()? {
            let names = candidate.names.clone();
            let image = self.bring(&ingest, &archive, candidate)?;
            match names.is_empty() {
                true => loaded.push(format!("sha256:{}", image.id)),
                false => loaded.extend(names),
            }
        }
        Ok(loaded)
    }

    // ANCHOR: ingest
    fn bring(&self, ingest: &Ingest<'_>, archive: &Archive, candidate: Candidate) -> Result<Image> {
        let diff_ids = ingest::diff_ids(&candidate.config, candidate.layers.len())?;
        for (diff_id, (member, blob)) in diff_ids.iter().zip(&candidate.layers) {
            ingest.layer(archive.member(member)?, diff_id, blob.as_ref())?;
        }
        let documents = Documents { config: candidate.config, manifest: candidate.manifest, list: None };
        ingest.finish(&documents, &candidate.names)
    }
    // ANCHOR_END: ingest
}
