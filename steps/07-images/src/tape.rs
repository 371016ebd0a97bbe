//! Reads a tar stream, entry by entry, with one meaning or an error.
//!
//! Two readers that disagree on where an entry ends see two different archives (CVE-2025-62518). So everything
//! on which tar programs disagree is refused here: a PAX size beside another size in the header, the same PAX
//! key twice, names in a global header, content behind a link.

use std::io::{self, Read};

use tar_core::parse::{Limits, ParseEvent, ParsedEntry, Parser};
use tar_core::{EntryType, PaxExtensions};

/// Where the bytes come from.
pub trait Source: Read + Sized {
    /// Goes `count` bytes on.
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.by_ref().take(count), &mut io::sink())?;
        if skipped == count { Ok(()) } else { Err(truncated()) }
    }
}

impl<R: Read> Source for crate::digest::Hashing<R> {}

/// What an entry makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file; with a map, one with holes.
    File { sparse: Option<Sparse> },
    /// A directory.
    Directory,
    /// A symbolic link to this text.
    Symlink(Vec<u8>),
    /// Another name of an earlier entry.
    Hardlink(Vec<u8>),
    /// A named pipe.
    Fifo,
    /// A character device.
    Char(u32, u32),
    /// A block device.
    Block(u32, u32),
}

/// The parts of a sparse file that hold data: offset and length; and its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sparse {
    pub parts: Vec<(u64, u64)>,
    pub length: u64,
}

/// One entry, its extension headers applied.
#[derive(Debug, Clone)]
pub struct Entry {
    pub path: Vec<u8>,
    pub kind: Kind,
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
    /// Seconds and nanoseconds since 1970.
    pub mtime: (i64, i64),
    /// Bytes of content in the archive.
    pub size: u64,
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A tar stream; as a reader, the content of the entry that `next` returned last.
pub struct Tape<S> {
    source: S,
    parser: Parser,
    /// Read from the source and not yet used.
    ahead: Vec<u8>,
    /// Content of the current entry that is not read yet, and the padding after it.
    content: u64,
    padding: u64,
    position: u64,
}

impl<S: Source> Tape<S> {
    /// Reads `source` from where it stands.
    pub fn new(source: S) -> Self {
        let limits = Limits { max_path_len: Some(4096), ..Limits::default() };
        let mut parser = Parser::new(limits);
        parser.set_allow_empty_path(true);
        Tape { source, parser, ahead: Vec::new(), content: 0, padding: 0, position: 0 }
    }

    /// The next entry; what was left of the one before is skipped.
    pub fn next(&mut self) -> io::Result<Option<Entry>> {
        self.pass()?;
        loop {
            let needed = match self.parser.parse(&self.ahead).map_err(invalid)? {
                ParseEvent::NeedData { min_bytes } => min_bytes,
                ParseEvent::End { .. } => return Ok(None),
                ParseEvent::GlobalExtensions { consumed, pax_data } => {
                    refuse_global(pax_data)?;
                    self.used(consumed);
                    continue;
                }
                ParseEvent::Entry { consumed, entry } => {
                    let entry = checked(&entry, None)?;
                    return Ok(Some(self.found(consumed, entry)));
                }
                ParseEvent::SparseEntry { consumed, entry, sparse_map, real_size } => {
                    let parts = sparse_map.iter().map(|part| (part.offset, part.length)).collect();
                    let entry = checked(&entry, Some(Sparse { parts, length: real_size }))?;
                    return Ok(Some(self.found(consumed, entry)));
                }
            };
            let have = self.ahead.len();
            let wanted = needed.saturating_sub(have).max(1) as u64;
            let read = self.source.by_ref().take(wanted).read_to_end(&mut self.ahead)? as u64;
            if read == 0 && have == 0 {
                // No end marker: GNU tar accepts that, and what is missing is found missing by its digest.
                return Ok(None);
            }
            if read < wanted {
                return Err(truncated());
            }
        }
    }

    /// Offset of the current entry's content in the stream.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The source, behind the end of the archive.
    pub fn into_source(self) -> S {
        self.source
    }

    fn used(&mut self, count: usize) {
        self.ahead.drain(..count);
        self.position += count as u64;
    }

    fn found(&mut self, consumed: usize, entry: Entry) -> Entry {
        self.used(consumed);
        self.content = entry.size;
        self.padding = entry.size.next_multiple_of(512) - entry.size;
        entry
    }

    /// Goes to the next header.
    fn pass(&mut self) -> io::Result<()> {
        let count = self.content.checked_add(self.padding).ok_or_else(|| invalid("entry size"))?;
        self.content = 0;
        self.padding = 0;
        let buffered = count.min(self.ahead.len() as u64);
        self.ahead.drain(..buffered as usize);
        self.position += count;
        if count > buffered { self.source.skip(count - buffered) } else { Ok(()) }
    }
}

impl<S: Source> Read for Tape<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.content.min(buffer.len() as u64) as usize;
        if wanted == 0 {
            return Ok(0);
        }
        let read = if self.ahead.is_empty() {
            self.source.read(&mut buffer[..wanted])?
        } else {
            let read = wanted.min(self.ahead.len());
            buffer[..read].copy_from_slice(&self.ahead[..read]);
            self.ahead.drain(..read);
            read
        };
        if read == 0 {
            return Err(truncated());
        }
        self.content -= read as u64;
        self.position += read as u64;
        Ok(read)
    }
}

/// An entry without contradictions.
fn checked(entry: &ParsedEntry<'_>, sparse: Option<Sparse>) -> io::Result<Entry> {
    let mtime = match entry.pax {
        Some(pax) => unambiguous(pax, entry)?,
        None => None,
    };
    let link = || entry.link_target.as_deref().map(<[u8]>::to_vec).ok_or_else(|| invalid("link without a target"));
    let device = || (entry.dev_major.unwrap_or(0), entry.dev_minor.unwrap_or(0));
    let kind = match entry.entry_type {
        EntryType::Regular | EntryType::Continuous | EntryType::GnuSparse if !entry.path.ends_with(b"/") => {
            Kind::File { sparse }
        }
        // A name that ends in a slash is how tar said "directory" before it had a type for it.
        EntryType::Directory | EntryType::Regular => Kind::Directory,
        EntryType::Symlink => Kind::Symlink(link()?),
        EntryType::Link => Kind::Hardlink(link()?),
        EntryType::Fifo => Kind::Fifo,
        EntryType::Char => Kind::Char(device().0, device().1),
        EntryType::Block => Kind::Block(device().0, device().1),
        other => return Err(invalid(format!("unsupported entry type {other:?}"))),
    };
    if entry.size != 0 && !matches!(kind, Kind::File { .. }) {
        return Err(invalid(format!("{:?} is not a file and has content", entry.path_lossy())));
    }
    if entry.path.contains(&0) || matches!(&kind, Kind::Symlink(to) | Kind::Hardlink(to) if to.contains(&0)) {
        return Err(invalid("name with a zero byte"));
    }
    Ok(Entry {
        path: entry.path.to_vec(),
        kind,
        mode: entry.mode & 0o7777,
        uid: entry.uid,
        gid: entry.gid,
        mtime: mtime.unwrap_or((i64::try_from(entry.mtime).map_err(invalid)?, 0)),
        size: entry.size,
        xattrs: entry.xattrs.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
    })
}

/// Refuses a PAX header that says the same thing twice or contradicts the plain one; returns its time.
fn unambiguous(pax: &[u8], entry: &ParsedEntry<'_>) -> io::Result<Option<(i64, i64)>> {
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut mtime = None;
    for extension in PaxExtensions::new(pax) {
        let extension = extension.map_err(invalid)?;
        let key = extension.key_bytes();
        if key.starts_with(b"GNU.sparse.") {
            continue;
        }
        if seen.iter().any(|known| known == key) {
            return Err(invalid(format!("PAX key {:?} twice", String::from_utf8_lossy(key))));
        }
        seen.push(key.to_vec());
        match key {
            b"size" => {
                let plain = entry.header.entry_size().map_err(invalid)?;
                let size: u64 = extension.value().map_err(invalid)?.parse().map_err(invalid)?;
                if plain != 0 && plain != size {
                    return Err(invalid("two sizes for one entry"));
                }
            }
            b"mtime" => mtime = Some(time(extension.value().map_err(invalid)?)?),
            _ => {}
        }
    }
    Ok(mtime)
}

/// `1700000000.5` as seconds and nanoseconds.
fn time(text: &str) -> io::Result<(i64, i64)> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Ok((seconds.parse().map_err(invalid)?, digits.parse().map_err(invalid)?))
}

/// A global header may carry a comment (git writes one); values for every entry that follows are refused.
fn refuse_global(pax: &[u8]) -> io::Result<()> {
    for extension in PaxExtensions::new(pax) {
        let extension = extension.map_err(invalid)?;
        if extension.key_bytes() != b"comment" {
            let key = String::from_utf8_lossy(extension.key_bytes()).into_owned();
            return Err(invalid(format!("PAX key {key:?} in a global header")));
        }
    }
    Ok(())
}

fn invalid(why: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("invalid tar: {}", why.to_string()))
}

fn truncated() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "unexpected end of the archive")
}
