//! What a container wrote, kept in a file as Kubernetes and Podman write it (Podman's driver `k8s-file`): a line each,
//! `TIME STREAM TAG TEXT`, where the tag is F for a whole line and P for a part of one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use process::{Error, Result};

use crate::Stream;

/// Takes what a container writes.
pub trait Sink {
    /// Some bytes of one stream; lines may begin and end anywhere.
    fn write(&mut self, stream: Stream, bytes: &[u8]);
}

/// Nothing is kept.
impl Sink for () {
    fn write(&mut self, _stream: Stream, _bytes: &[u8]) {}
}

/// A log in a file.
pub struct LogFile {
    path: PathBuf,
    /// Made with the first line: most short lives have nothing to say.
    file: Option<File>,
    /// Known from the first line on: a container that says nothing does not wait for it.
    zone: Option<TimeZone>,
    /// Begins anew when it is larger; 0 is no limit.
    limit: u64,
    size: u64,
}

impl LogFile {
    /// Opens the file, to go on at its end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: &Path, limit: u64) -> Result<LogFile> {
        let mut log = LogFile { path: path.into(), file: None, zone: None, limit, size: 0 };
        // Somebody may have written before; and where the user chose the place, he hears now that it is none.
        if path.exists() || !path.parent().is_some_and(Path::is_dir) {
            log.file().map_err(|error| Error::os(format!("open the log {}", path.display()), error))?;
        }
        Ok(log)
    }

    fn file(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
            self.size = file.metadata()?.len();
            self.file = Some(file);
        }
        self.file.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Sink for LogFile {
    // ANCHOR: write
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let zone = self.zone.get_or_insert_with(zone).clone();
        let time = Timestamp::now().to_zoned_datetime(zone).strftime("%Y-%m-%dT%H:%M:%S.%9f%:z").to_string();
        let name = if stream == Stream::Output { "stdout" } else { "stderr" };
        let mut text = Vec::with_capacity(bytes.len() + 64);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (tag, line) = match line.strip_suffix(b"\n") {
                Some(line) => ("F", line),
                None => ("P", line),
            };
            text.extend_from_slice(format!("{time} {name} {tag} ").as_bytes());
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        let (limit, size) = (self.limit, self.size + text.len() as u64);
        // A full disk costs lines of the log, not the container.
        let Ok(file) = self.file() else { return };
        let begins_anew = limit > 0 && size > limit;
        if begins_anew {
            // As conmon does.
            let _ = file.set_len(0);
        }
        let written = write_all(file, &text).is_ok();
        if begins_anew {
            self.size = 0;
        }
        if written {
            self.size += text.len() as u64;
        }
    }
    // ANCHOR_END: write
}

/// The host's time zone. Its file is enough (localtime(5)): the names of all zones, among which the library looks for this
/// one's, are hundreds of files.
fn zone() -> TimeZone {
    if std::env::var_os("TZ").is_some() {
        return TimeZone::system();
    }
    let file = process::file::read("/etc/localtime", 1 << 20).ok();
    file.and_then(|bytes| TimeZone::tzif("Local", &bytes).ok()).unwrap_or(TimeZone::UTC)
}

/// One write for all of it: a reader, or a crash, sees whole lines but for a full disk.
fn write_all(mut file: &File, text: &[u8]) -> io::Result<()> {
    file.write_all(text)
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was written.
    pub time: Timestamp,
    /// The time, as the file has it.
    pub stamp: String,
    /// By which stream.
    pub stream: Stream,
    /// Whether a line ends with it.
    pub whole: bool,
    /// The text, without the line's end.
    pub text: Vec<u8>,
}

impl Entry {
    /// Reads a line of the file; `None` when it is none.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Entry> {
        let mut fields = line.splitn(4, |byte| *byte == b' ');
        let mut word = || fields.next().and_then(|field| std::str::from_utf8(field).ok());
        let (stamp, stream, tag) = (word()?.to_string(), word()?, word()?);
        let stream = match stream {
            "stdout" => Stream::Output,
            "stderr" => Stream::Errors,
            _ => return None,
        };
        let whole = tag.starts_with('F');
        let time = stamp.parse().ok()?;
        Some(Entry { time, stamp, stream, whole, text: fields.next().unwrap_or_default().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut log = LogFile::open(&path, 0).unwrap();
        log.write(Stream::Output, b"one\ntwo");
        log.write(Stream::Errors, b" x \xff\n\n");
        let text = std::fs::read(&path).unwrap();
        let entries: Vec<Entry> = text.split(|byte| *byte == b'\n').filter_map(Entry::parse).collect();
        let shown: Vec<_> = entries.iter().map(|entry| (entry.stream, entry.whole, &entry.text[..])).collect();
        assert_eq!(
            shown,
            [
                (Stream::Output, true, &b"one"[..]),
                (Stream::Output, false, b"two"),
                (Stream::Errors, true, b" x \xff"),
                (Stream::Errors, true, b""),
            ]
        );
    }

    #[test]
    fn a_log_has_a_limit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut log = LogFile::open(&path, 300).unwrap();
        for _ in 0..100 {
            log.write(Stream::Output, b"0123456789\n");
        }
        assert!((1..=300).contains(&std::fs::metadata(&path).unwrap().len()));
    }
}
