//! Layers: a tar stream becomes a directory, and nothing outside of that directory changes.

pub mod beneath;
pub mod decompress;
mod entry;
pub mod meta;
pub mod whiteout;

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use process::{Error, Result, code};
use rustix::fs::{FileType, Mode, OFlags, openat};

use self::beneath::Root;
use self::entry::Writer;
use crate::digest::Hashing;
use crate::disk::make_dir;
use crate::tape::Tape;
use crate::{Digest, Store};

/// What a layer should be.
pub struct Expected<'a> {
    /// The digest of the plain tar, from the configuration.
    pub diff_id: &'a Digest,
    /// The digest of the bytes as they come, from a manifest, if there is one.
    pub blob: Option<&'a Digest>,
}

/// Extracts the layer that `blob` holds (plain, gzip or zstd) to `scratch`, unless the store has it, and returns
/// the length of its plain tar. It gets its place in the store by [`publish`].
///
/// # Errors
/// When the stream is no layer, is not the expected one, or cannot be written.
// ANCHOR: apply
pub fn apply(store: &Store, scratch: &Path, blob: impl Read, expected: &Expected<'_>) -> Result<u64> {
    let work = scratch.join(expected.diff_id.hex());
    for known in [&store.layer(expected.diff_id), &work] {
        if let Some(size) = size(known)? {
            return Ok(size);
        }
    }
    let diff = work.join("diff");
    make_dir(&diff)?;

    let what = |error: std::io::Error| {
        Error::os(format!("unpacking layer {}", expected.diff_id), error).or_code(code::REFUSED_LAYER)
    };
    let mut hashed_blob = Hashing::new(blob, u64::MAX);
    let unpacked = unpack(store, &diff, &mut hashed_blob, expected);
    if let Some(digest) = expected.blob {
        // Whatever went wrong: if these are not the bytes that they should be, that is the reason.
        match hashed_blob.finish() {
            Ok((is, _)) => check("blob", &is, digest)?,
            Err(error) => return Err(unpacked.err().unwrap_or_else(|| what(error))),
        }
    }
    let size = unpacked?;
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(work.join("size")).map_err(what)?;
    write!(file, "{size}").map_err(what)?;
    Ok(size)
}

/// Unpacks what `blob` holds to `diff`, and returns its length.
fn unpack(store: &Store, diff: &Path, blob: impl Read, expected: &Expected<'_>) -> Result<u64> {
    let what = |error: std::io::Error| {
        Error::os(format!("unpacking layer {}", expected.diff_id), error).or_code(code::REFUSED_LAYER)
    };
    let limits = store.limits();
    let plain = decompress::open(blob).map_err(what)?;
    let mut tape = Tape::new(Hashing::new(plain, limits.layer_bytes));
    let directory = File::open(diff).map_err(what)?;
    let mut writer = Writer::new(Root::new(directory.into()), limits)?;
    while let Some(entry) = tape.next().map_err(what)? {
        writer.write(&entry, &mut tape)?;
    }
    writer.finish()?;
    let (diff_id, size) = tape.into_source().finish().map_err(what)?;
    check("layer", &diff_id, expected.diff_id)?;
    Ok(size)
}

/// Moves a layer that is complete in `scratch` to its place in the store. Whoever comes second with the same
/// layer finds it there: the kernel renames no directory over one that has something in it.
///
/// # Errors
/// When the store cannot be written.
pub fn publish(store: &Store, scratch: &Path, diff_id: &Digest) -> Result<()> {
    let (work, target) = (scratch.join(diff_id.hex()), store.layer(diff_id));
    make_dir(target.parent().unwrap_or(&target))?;
    match fs::rename(&work, &target) {
        Err(error) if size(&target)?.is_none() => Err(Error::os(format!("store layer {diff_id}"), error)),
        _ => Ok(()),
    }
}
// ANCHOR_END: apply

fn check(what: &str, is: &Digest, should: &Digest) -> Result<()> {
    if is == should {
        return Ok(());
    }
    Err(Error::new(format!("{what} has digest {is}, expected {should}")).code(code::WRONG_DIGEST))
}

/// The length of the plain tar of a layer that is in the store.
pub(crate) fn size(layer: &Path) -> Result<Option<u64>> {
    let Some(bytes) = crate::disk::read_if_exists(&layer.join("size"), 32)? else { return Ok(None) };
    Ok(std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok()))
}

/// Whether this process is in a user namespace other than the first one.
pub(crate) fn in_user_namespace() -> bool {
    fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| {
        let fields: Vec<&str> = map.split_whitespace().collect();
        fields != ["0", "0", "4294967295"]
    })
}

/// Extracts the layers of a plain tar to `directory` alone, for those who want no store: tests and `cp`.
///
/// # Errors
/// As [`apply`].
pub fn extract(tar: impl Read, directory: &Path, limits: &crate::Limits) -> Result<()> {
    let what = |error: std::io::Error| {
        Error::os(format!("unpacking to {}", directory.display()), error).or_code(code::REFUSED_LAYER)
    };
    let root = File::open(directory).map_err(what)?;
    let mut tape = Tape::new(Hashing::new(BufReader::new(tar), limits.layer_bytes));
    let mut writer = Writer::new(Root::new(root.into()), limits)?;
    while let Some(entry) = tape.next().map_err(what)? {
        writer.write(&entry, &mut tape)?;
    }
    writer.finish()
}

/// Opens a directory by its name, not followed.
fn open_directory(place: &beneath::Place) -> rustix::io::Result<std::os::fd::OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(&place.parent, &place.name[..], flags, Mode::empty())
}

fn is_directory(place: &beneath::Place) -> rustix::io::Result<bool> {
    Ok(place.kind()? == Some(FileType::Directory))
}
