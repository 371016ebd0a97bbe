//! A blob as it comes: exactly as long as was said, and taken up again where a connection broke.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use process::Error;
use process::code;

use crate::Progress;
use crate::answer::expect;
use crate::http::{Content, Failure};
use crate::manifest::Descriptor;
use crate::session::Session;
use crate::url::Url;

/// Reads a blob from a registry.
pub struct Blob<'a> {
    session: &'a Session,
    url: Url,
    digest: &'a str,
    size: u64,
    offset: u64,
    /// How often it was taken up without a byte in between.
    failed: u32,
    reader: Option<Box<dyn Read + 'a>>,
    /// Why nothing more comes.
    dead: Option<Error>,
    progress: &'a dyn Progress,
    stop: &'a AtomicBool,
}

impl<'a> Blob<'a> {
    /// Opens the blob that `descriptor` names.
    ///
    /// # Errors
    /// When the registry does not have it.
    pub fn open(
        session: &'a Session,
        descriptor: &'a Descriptor,
        progress: &'a dyn Progress,
        stop: &'a AtomicBool,
    ) -> process::Result<Blob<'a>> {
        // Checked before it becomes part of an address. Where else it may be (`urls`) is not asked: that is for the
        // registry to know (CVE-2020-15157).
        let digest = descriptor.digest()?;
        let mut blob = Blob {
            session,
            url: session.url(&format!("blobs/{digest}"))?,
            digest: &descriptor.digest,
            size: descriptor.size,
            offset: 0,
            failed: 0,
            reader: None,
            dead: None,
            progress,
            stop,
        };
        let first = session.again(progress, || blob.connect());
        blob.reader =
            Some(first.map_err(|error| Error::within(format!("fetching blob {}", descriptor.digest), error))?);
        Ok(blob)
    }

    /// The blob from where we are.
    // ANCHOR: connect
    fn connect(&self) -> Result<Box<dyn Read + 'a>, Failure> {
        let range = format!("bytes={}-", self.offset);
        let headers = [("Range", range.as_str()), ("Accept-Encoding", "identity")];
        let headers = if self.offset == 0 { &headers[1..] } else { &headers[..] };
        let answer = expect(self.session.send("GET", &self.url, headers, &Content::None)?, &[200, 206])?;
        let partial = answer.status().as_u16() == 206;
        let mut reader = answer.into_body().into_reader();
        if !partial && self.offset > 0 {
            // It does not know ranges: what we have once more.
            let skipped = io::copy(&mut reader.by_ref().take(self.offset), &mut io::sink());
            if !matches!(skipped, Ok(count) if count == self.offset) {
                return Err(Failure {
                    error: Error::new("the connection broke again").code(code::BROKEN_OFF),
                    again: true,
                });
            }
        }
        Ok(Box::new(reader))
    }
    // ANCHOR_END: connect

    fn broken(&mut self, error: io::Error) -> io::Result<()> {
        self.reader = None;
        if self.failed == self.session.retries() {
            return Err(error);
        }
        std::thread::sleep(Duration::from_secs(1 << self.failed.min(5)));
        self.failed += 1;
        self.progress.say(&format!(
            "Reading blob body from {} failed ({error}), reconnecting after {} bytes…",
            self.url, self.offset
        ));
        match self.connect() {
            Ok(reader) => self.reader = Some(reader),
            Err(failure) if failure.again => {}
            Err(failure) => return Err(io::Error::other(failure.error)),
        }
        Ok(())
    }
}

impl Read for Blob<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = &self.dead {
            return Err(io::Error::other(error.clone()));
        }
        self.next(buffer).map_err(|error| {
            let known = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).and_then(Error::known_code);
            let dead = Error::new(error.to_string()).code(known.unwrap_or(code::BROKEN_OFF));
            self.dead = Some(dead.clone());
            io::Error::new(error.kind(), dead)
        })
    }
}

impl Blob<'_> {
    // ANCHOR: read
    fn next(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(io::Error::other("another layer failed"));
            }
            let left = self.size - self.offset;
            let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let error = match self.reader.as_mut().map(|reader| reader.read(&mut buffer[..wanted])) {
                Some(Ok(0)) if left == 0 || buffer.is_empty() => return self.end(),
                Some(Ok(0)) => io::Error::from(io::ErrorKind::UnexpectedEof),
                Some(Ok(count)) => {
                    (self.offset, self.failed) = (self.offset + count as u64, 0);
                    self.progress.grow(self.digest, count as u64);
                    return Ok(count);
                }
                Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                Some(Err(error)) => error,
                None => io::Error::from(io::ErrorKind::ConnectionReset),
            };
            self.broken(error)?;
        }
    }
    // ANCHOR_END: read

    /// Where the blob should end, it has to.
    fn end(&mut self) -> io::Result<usize> {
        let more = self.reader.as_mut().map_or(Ok(0), |reader| reader.read(&mut [0]));
        match more {
            Ok(1..) => {
                let words = format!("blob is longer than the {} bytes of its manifest", self.size);
                Err(io::Error::other(Error::new(words).code(code::BAD_ANSWER)))
            }
            _ => Ok(0),
        }
    }
}
