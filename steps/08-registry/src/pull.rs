//! From a registry to the store.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use images::archive::JSON_LIMIT;
use images::{Digest, Documents, Image, Ingest, Store};
use process::{Error, Result, code};

use crate::body::Blob;
use crate::conf::Conf;
use crate::manifest::{self, Descriptor};
use crate::place::Place;
use crate::source::{Source, open};
use crate::{Options, Policy, Progress, shortname, trust};

/// So many layers at once: more fill no line that three do not, and each unpacks on a core.
const PARALLEL: usize = 3;

/// Pulls the image that `name` means into the store. The caller is root, of a user namespace at least.
///
/// # Errors
/// When no registry has it, or it is not what it should be; then nothing of it is in the store.
pub fn pull(store: &Store, name: &str, options: &Options, progress: &dyn Progress) -> Result<Image> {
    if let Some(path) = options.authfile.as_deref()
        && let Err(error) = std::fs::metadata(path)
    {
        return Err(Error::os(format!("credential file is not accessible: stat {}", path.display()), error));
    }
    let conf = Conf::read()?;
    let resolved = shortname::resolve(&conf, name)?;
    if let Some(how) = &resolved.how {
        progress.say(how);
    }
    let mut errors = Vec::new();
    for place in &resolved.places {
        progress.say(&format!("Trying to pull {}...", place.name()));
        match pull_place(store, &conf, place, options, progress) {
            Ok(image) => return Ok(image),
            Err(error) => errors.push(error),
        }
    }
    match errors.as_slice() {
        [one] => Err(one.clone()),
        several => {
            let lines: String = several.iter().map(|error| format!("\n\t* {error}")).collect();
            Err(Error::new(format!("{} errors occurred while pulling:{lines}", several.len())).code(code::SEVERAL))
        }
    }
}

/// The image that `name` means, pulled when `policy` asks for it.
///
/// # Errors
/// As [`pull`]; `image not known` when it is not here and is never pulled.
pub fn get(store: &Store, name: &str, policy: Policy, options: &Options, progress: &dyn Progress) -> Result<Image> {
    let found = find(store, name);
    match (policy, found) {
        (Policy::Never, found) | (Policy::Missing, found @ Ok(_)) => found,
        (Policy::Newer, Ok(image)) => match remote_digest(name, options) {
            Ok(digest) if image.has_digest(&digest) => Ok(image),
            Ok(_) => pull(store, name, options, progress),
            // The registry cannot be asked, and there is one.
            Err(_) => Ok(image),
        },
        _ => pull(store, name, options, progress),
    }
}

/// The image of the store that `name` means, also by the aliases and registries of registries.conf.
///
/// # Errors
/// `image not known`, as [`Store::find`].
pub fn find(store: &Store, name: &str) -> Result<Image> {
    let bare = name.strip_prefix("docker://").unwrap_or(name);
    store.find(bare).or_else(|error| {
        let conf = Conf::read()?;
        let names = shortname::local_names(&conf, bare);
        names.iter().find_map(|name| store.find(name).ok()).ok_or(error)
    })
}

/// The digest of the manifest that a pull of `name` would store, `sha256:...`: of this platform's image, when the
/// name stands for a list.
///
/// # Errors
/// When the registry does not say.
pub fn remote_digest(name: &str, options: &Options) -> Result<String> {
    let conf = Conf::read()?;
    let resolved = shortname::resolve(&conf, name)?;
    let mut last = Error::new(format!("{name} means no registry")).code(code::SHORT_NAME);
    for place in &resolved.places {
        match open(&conf, place, options, &()) {
            Ok(source) => return Ok(source.digest.to_string()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn pull_place(store: &Store, conf: &Conf, place: &Place, options: &Options, progress: &dyn Progress) -> Result<Image> {
    trust::check(place)?;
    let source = open(conf, place, options, progress)?;
    progress.say("Getting image source signatures");
    let config = fetch_config(&source, progress)?;
    let diff_ids = images::diff_ids(&config, source.layers.len())?;
    let ingest = store.ingest()?;
    fetch_layers(&ingest, &source, &diff_ids, progress)?;
    progress.say(&format!("Copying config {}", source.config.digest));
    let documents = Documents { config, manifest: source.manifest, list: source.list };
    let image = ingest.finish(&documents, &[place.name()])?;
    progress.say("Writing manifest to image destination");
    let (is, wanted) = (&image.config.architecture, manifest::architecture(options));
    if !is.is_empty() && is != wanted {
        progress.say(&format!(
            "WARNING: image platform (linux/{is}) does not match the expected platform (linux/{wanted})"
        ));
    }
    Ok(image)
}

/// The configuration, whole: it says which layers are wanted.
fn fetch_config(source: &Source, progress: &dyn Progress) -> Result<Vec<u8>> {
    let digest = source.config.digest()?;
    if source.config.size > JSON_LIMIT {
        return Err(
            Error::new(format!("configuration {digest} is larger than {JSON_LIMIT} bytes")).code(code::TOO_LARGE)
        );
    }
    let session = &source.session;
    let url = session.url(&format!("blobs/{digest}"))?;
    let (bytes, _) = session
        .again(progress, || session.document(&url, "*/*", JSON_LIMIT))
        .map_err(|error| Error::within(format!("reading config blob {digest}"), error))?;
    match Digest::of(&bytes) {
        is if is != digest => {
            Err(Error::new(format!("configuration has digest {is}, expected {digest}")).code(code::WRONG_DIGEST))
        }
        _ => Ok(bytes),
    }
}

/// Three threads take one layer after the other; the first error stops all.
// ANCHOR: layers
fn fetch_layers(ingest: &Ingest<'_>, source: &Source, diff_ids: &[Digest], progress: &dyn Progress) -> Result<()> {
    let (next, stop, failed) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
    let mut seen = HashSet::new();
    // The same layer twice is one.
    let layers = source.layers.iter().zip(diff_ids).filter(|(_, diff_id)| seen.insert(*diff_id));
    let layers: Vec<(&Descriptor, &Digest)> = layers.collect();
    let work = || {
        while let Some((descriptor, diff_id)) = layers.get(next.fetch_add(1, Ordering::Relaxed)) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            if let Err(error) = fetch_layer(ingest, source, descriptor, diff_id, progress, &stop) {
                stop.store(true, Ordering::Relaxed);
                // What the others say then is only that they were stopped.
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        let others = PARALLEL.min(layers.len()).saturating_sub(1);
        for _ in 0..others {
            scope.spawn(work);
        }
        work();
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

fn fetch_layer(
    ingest: &Ingest<'_>,
    source: &Source,
    descriptor: &Descriptor,
    diff_id: &Digest,
    progress: &dyn Progress,
    stop: &AtomicBool,
) -> Result<()> {
    let digest = descriptor.digest()?;
    progress.begin(&descriptor.digest, descriptor.size);
    let known = ingest.has(diff_id)?.is_some();
    if !known {
        let blob = Blob::open(&source.session, descriptor, progress, stop)?;
        ingest.layer(blob, diff_id, Some(&digest))?;
    }
    progress.done(&descriptor.digest, known);
    Ok(())
}
// ANCHOR_END: layers
