//! Names of images: given, taken away; and images that go, with the layers that nobody needs any more.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use process::{Error, Result, code};
use rustix::fs::FlockOperation;

use crate::disk::Scratch;
use crate::reference::Reference;
use crate::store::unknown;
use crate::{Image, Store};

impl Store {
    /// Lets `name` stand for the image too; a short one is `localhost/NAME:latest`.
    ///
    /// # Errors
    /// When it is no name, has a digest, or the store cannot be written.
    pub fn tag(&self, image: &Image, name: &str) -> Result<Image> {
        let reference = Reference::parse(name)?;
        if reference.digest().is_some() {
            return Err(Error::new(format!("{name}: tag by digest not supported")).code(code::BAD_REFERENCE));
        }
        // So that its layers stay while its record is written anew.
        let _layers = self.layers_lock(FlockOperation::LockShared)?;
        let image = self.find(&format!("sha256:{}", image.id))?;
        self.record(&self.scratch()?, &image, &[reference.normalized()])
    }

    /// Takes a name from the image, and returns it in full.
    ///
    /// # Errors
    /// `NAME: tag not known` when it is none of its names.
    pub fn untag(&self, image: &Image, name: &str) -> Result<String> {
        let reference = Reference::parse(name)?;
        let full = match reference.digest() {
            Some(digest) => reference.repositories().iter().map(|known| format!("{known}@{digest}")).collect(),
            None => reference.candidates(),
        };
        match full.iter().find(|name| image.names.contains(name)) {
            Some(found) => self.forget_name(image, found).map(|()| found.clone()),
            None => Err(Error::new(format!("{}: tag not known", full.first().map_or(name, String::as_str)))
                .code(code::NO_IMAGE)),
        }
    }

    /// Removes the image: its names, its record, then what nobody else needs of it. Only root of a user namespace
    /// can remove what belongs to others; what stays behind is removed by the next who can.
    ///
    /// An image that somebody gave a name since `image` was read stays, with that name: false then.
    ///
    /// # Errors
    /// When the store cannot be written.
    // ANCHOR: remove
    pub fn remove(&self, image: &Image) -> Result<bool> {
        let names_lock = self.names_lock()?;
        let now = self.find(&format!("sha256:{}", image.id))?;
        for name in &image.names {
            self.forget(image, name)?;
        }
        if now.names.iter().any(|name| !image.names.contains(name)) {
            return Ok(false);
        }
        let path = self.record_path(&image.id);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(unknown(&image.id)),
            Err(error) => return Err(Error::os(format!("remove {}", path.display()), error)),
            Ok(()) => {}
        }
        drop(names_lock);
        self.sweep().map(|()| true)
    }

    /// Removes layers and documents that no image has, unless somebody is bringing an image just now: then they
    /// are left to the next.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn sweep(&self) -> Result<()> {
        let Some(_alone) = self.layers_lock(FlockOperation::NonBlockingLockExclusive)? else { return Ok(()) };
        let mut layers = HashSet::new();
        let mut documents = HashSet::new();
        // A record that cannot be read might need anything.
        for image in self.list()? {
            layers.extend(image.layers.iter().filter_map(|layer| layer.strip_prefix("sha256:")).map(str::to_string));
            documents.insert(image.id.clone());
            let of_manifests = image.repo_digests.iter().filter_map(|known| known.split('@').nth(1));
            let of_manifests = of_manifests.chain([image.digest.as_str()]);
            documents.extend(of_manifests.filter_map(|digest| digest.strip_prefix("sha256:")).map(str::to_string));
        }
        let scratch = self.scratch()?;
        discard(&scratch, &self.layers().join("sha256"), &layers)?;
        discard(&scratch, &self.blobs(), &documents)
    }
    // ANCHOR_END: remove
}

/// Moves what is not in `kept` out of `dir`, at once and whole; it is removed with `scratch`.
fn discard(scratch: &Scratch, dir: &Path, kept: &HashSet<String>) -> Result<()> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| !kept.contains(name)) {
            let target = scratch.path().join("old");
            fs::rename(entry.path(), &target)
                .and_then(|()| match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    true => fs::remove_dir_all(&target),
                    false => fs::remove_file(&target),
                })
                .map_err(|error| Error::os(format!("remove {}", entry.path().display()), error))?;
        }
    }
    Ok(())
}
