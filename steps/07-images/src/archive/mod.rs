//! Image archives: one tar file with JSON documents and layers in it.
//!
//! Members are looked up by name and read where they are; nothing of the archive's own tree is ever extracted,
//! so its names and links cannot touch the disk.

pub mod docker;
pub mod oci;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use process::{Error, Result, code};
use serde::de::DeserializeOwned;

use crate::layer::decompress;
use crate::tape::{Kind, Source, Tape};
use crate::{Digest, Limits};

/// No JSON document of an image is larger (Podman's limit for manifests).
pub const JSON_LIMIT: u64 = 4 << 20;
const MEMBERS: usize = 100_000;

/// One image of an archive, ready to be stored.
pub struct Candidate {
    /// The configuration, as it is: its digest is the image's ID.
    pub config: Vec<u8>,
    /// The manifest, as it is.
    pub manifest: Vec<u8>,
    /// Member name of each layer, lowest first, and the digest of the member if a manifest says it.
    pub layers: Vec<(String, Option<Digest>)>,
    /// Full names.
    pub names: Vec<String>,
}

enum Member {
    File { offset: u64, size: u64 },
    Link(String),
}

/// An archive whose members are known.
pub struct Archive {
    file: File,
    members: HashMap<String, Member>,
}

impl Archive {
    /// Reads `file`; one that is compressed or cannot seek is first unpacked to the directory `scratch`.
    ///
    /// # Errors
    /// When it cannot be read, or is not a tar.
    pub fn new(mut file: File, scratch: &Path, limits: &Limits) -> Result<Self> {
        let failed = |error| Error::os("read the archive", error);
        let mut magic = [0; 4];
        let at_start = file.stream_position().is_ok_and(|position| position == 0);
        if at_start && file.metadata().is_ok_and(|data| data.is_file()) {
            let read = file.read_at(&mut magic, 0).map_err(failed)?;
            if !decompress::is_compressed(&magic[..read]) {
                return Self::index(file);
            }
        }
        let path = scratch.join("archive");
        let mut copy = File::options().read(true).write(true).create_new(true).open(path).map_err(failed)?;
        let mut plain = decompress::open(file).map_err(failed)?;
        let copied = io::copy(&mut plain.by_ref().take(limits.layer_bytes + 1), &mut copy).map_err(failed)?;
        if copied > limits.layer_bytes {
            return Err(Error::new(format!("archive is larger than the limit of {} bytes", limits.layer_bytes))
                .code(code::TOO_LARGE));
        }
        copy.seek(SeekFrom::Start(0)).map_err(failed)?;
        Self::index(copy)
    }

    fn index(file: File) -> Result<Self> {
        let unknown = "payload does not match any of the supported image formats";
        let failed = |error| Error::os(unknown, error).or_code(code::BAD_ARCHIVE);
        let length = file.metadata().map_err(failed)?.len();
        let mut tape = Tape::new(Part { file: &file, offset: 0, end: length });
        let mut members = HashMap::new();
        loop {
            let entry = match tape.next() {
                Ok(Some(entry)) => entry,
                Ok(None) => break,
                Err(_) if members.is_empty() => {
                    return Err(Error::because(unknown, "it is not a tar archive").code(code::BAD_ARCHIVE));
                }
                Err(error) => return Err(failed(error)),
            };
            let Some(name) = clean("", &entry.path) else { continue };
            let member = match entry.kind {
                Kind::File { sparse: None } => Member::File { offset: tape.position(), size: entry.size },
                // Docker up to 24 writes a layer that occurs twice as a link to the other one.
                Kind::Symlink(target) => match clean(name.rsplit_once('/').map_or("", |(parent, _)| parent), &target) {
                    Some(target) => Member::Link(target),
                    None => continue,
                },
                Kind::Hardlink(target) => match clean("", &target) {
                    Some(target) => Member::Link(target),
                    None => continue,
                },
                _ => continue,
            };
            if members.len() == MEMBERS {
                return Err(Error::new(format!("archive has more than {MEMBERS} members")).code(code::TOO_LARGE));
            }
            if members.insert(name.clone(), member).is_some() {
                return Err(Error::new(format!("archive has two members named {name}")).code(code::BAD_ARCHIVE));
            }
        }
        Ok(Archive { file, members })
    }

    /// Whether it has a member of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<(u64, u64)> {
        let mut name = clean("", name.as_bytes())?;
        for _ in 0..8 {
            match self.members.get(&name)? {
                Member::File { offset, size } => return Some((*offset, *size)),
                Member::Link(target) => name.clone_from(target),
            }
        }
        None
    }

    /// The content of a member.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn member(&self, name: &str) -> Result<Part<'_>> {
        let (offset, size) = self.find(name).ok_or_else(|| {
            Error::new(format!("archive has no member {name}, or it is cut off")).code(code::BAD_ARCHIVE)
        })?;
        Ok(Part { file: &self.file, offset, end: offset.saturating_add(size) })
    }

    /// A member that is a document, whole.
    ///
    /// # Errors
    /// When there is none of that name, or it is too large.
    pub fn document(&self, name: &str) -> Result<Vec<u8>> {
        let part = self.member(name)?;
        if part.end - part.offset > JSON_LIMIT {
            return Err(Error::new(format!("{name} is larger than {JSON_LIMIT} bytes")).code(code::TOO_LARGE));
        }
        let mut bytes = Vec::new();
        part.take(JSON_LIMIT).read_to_end(&mut bytes).map_err(|error| Error::os(format!("read {name}"), error))?;
        Ok(bytes)
    }

    /// The images in it: of a docker-archive when it has a manifest.json, else of an oci-archive. Docker since 25
    /// writes both into one file; there, manifest.json has the full names.
    ///
    /// # Errors
    /// When it is neither, or says what cannot be.
    pub fn images(&self) -> Result<Vec<Candidate>> {
        if self.has("manifest.json") {
            docker::images(self)
        } else if self.has("index.json") {
            oci::images(self)
        } else {
            Err(Error::new(
                "payload does not match any of the supported image formats:\n \
                 * oci-archive: no index.json in it\n * docker-archive: no manifest.json in it",
            )
            .code(code::BAD_ARCHIVE))
        }
    }
}

/// Parses a document.
pub(crate) fn json<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::because(format!("parsing {name}"), error).code(code::BAD_ARCHIVE))
}

/// A member name in its plain form, relative to `parent`; none when it leaves the archive or is not text.
fn clean(parent: &str, path: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(path).ok()?;
    let mut parts: Vec<&str> = if path.starts_with('/') { Vec::new() } else { parent.split('/').collect() };
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
        parts.retain(|part| !matches!(*part, "" | "."));
    }
    Some(parts.join("/"))
}

/// A stretch of a file.
pub struct Part<'a> {
    file: &'a File,
    offset: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = (self.end - self.offset).min(buffer.len() as u64) as usize;
        let read = self.file.read_at(&mut buffer[..wanted], self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl Source for Part<'_> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        if count > self.end - self.offset {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "unexpected end of the archive"));
        }
        self.offset += count;
        Ok(())
    }
}
