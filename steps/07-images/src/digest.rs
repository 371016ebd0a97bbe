//! Content addresses: checked before any path is built from them, computed while the content streams by.

use std::fmt;
use std::io::{self, Read};

use process::{Error, Result, code};
use sha2::{Digest as _, Sha256};

/// A sha256 digest, written `sha256:` and 64 lower-case hexadecimal digits (OCI image spec, descriptor.md).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    hex: String,
}

impl Digest {
    /// Parses `sha256:HEX`; everything else (other algorithms, upper case, short, `../`) is an error, because
    /// the digits become a file name.
    ///
    /// # Errors
    /// When `text` is not such a digest.
    pub fn parse(text: &str) -> Result<Self> {
        match text.strip_prefix("sha256:") {
            Some(hex) if is_hex(hex) => Ok(Digest { hex: hex.to_string() }),
            _ => Err(Error::new(format!("invalid digest {text:?}")).code(code::BAD_REFERENCE)),
        }
    }

    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(bytes);
        Digest::from_hasher(hasher)
    }

    fn from_hasher(hasher: Sha256) -> Self {
        use fmt::Write;
        let mut hex = String::with_capacity(64);
        for byte in hasher.finalize() {
            let _ = write!(hex, "{byte:02x}");
        }
        Digest { hex }
    }

    /// The 64 digits.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex)
    }
}

/// Whether `text` is the hexadecimal part of a digest, and so an image ID.
#[must_use]
pub fn is_hex(text: &str) -> bool {
    text.len() == 64 && is_hex_prefix(text)
}

/// Whether `text` can be the beginning of an image ID.
#[must_use]
pub fn is_hex_prefix(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Hashes and counts what is read through it, and refuses to go on after `limit` bytes: a ten-kilobyte layer
/// may unpack to terabytes.
pub struct Hashing<R> {
    inner: R,
    hasher: Sha256,
    count: u64,
    limit: u64,
}

impl<R: Read> Hashing<R> {
    /// Reads `inner`, at most `limit` bytes.
    pub fn new(inner: R, limit: u64) -> Self {
        Hashing { inner, hasher: Sha256::new(), count: 0, limit }
    }

    /// Reads what is left, and returns the digest and the length of everything.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn finish(mut self) -> io::Result<(Digest, u64)> {
        io::copy(&mut self, &mut io::sink())?;
        Ok((Digest::from_hasher(self.hasher), self.count))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.count += read as u64;
        if self.count > self.limit {
            let words = format!("larger than the limit of {} bytes", self.limit);
            return Err(io::Error::other(Error::new(words).code(code::TOO_LARGE)));
        }
        Ok(read)
    }
}
