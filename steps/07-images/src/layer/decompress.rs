//! gzip, zstd or nothing, told apart by the first bytes: media types lie, and docker-archives have none.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// zstd's own default for decoders; a frame may ask for gigabytes.
const ZSTD_WINDOW: u64 = 128 << 20;

/// Whether a file that begins so is compressed.
#[must_use]
pub fn is_compressed(magic: &[u8]) -> bool {
    magic.starts_with(&GZIP) || is_zstd(magic)
}

/// A frame, or one of those that a decoder skips (`zstd:chunked` has them).
fn is_zstd(magic: &[u8]) -> bool {
    magic.starts_with(&ZSTD) || (magic.len() >= 4 && magic[0] & 0xf0 == 0x50 && magic[1..4] == [0x2a, 0x4d, 0x18])
}

/// The plain content of `source`.
///
/// # Errors
/// Those of the reader.
pub fn open<'a>(mut source: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut magic = Vec::new();
    source.by_ref().take(4).read_to_end(&mut magic)?;
    let gzip = magic.starts_with(&GZIP);
    let zstd = is_zstd(&magic);
    let whole = BufReader::with_capacity(64 << 10, Cursor::new(magic).chain(source));
    if gzip {
        Ok(Box::new(BufReader::with_capacity(64 << 10, MultiGzDecoder::new(whole))))
    } else if zstd {
        Ok(Box::new(BufReader::with_capacity(64 << 10, Frames { source: Some(whole), frame: None })))
    } else {
        Ok(Box::new(whole))
    }
}

/// One zstd frame after the other.
struct Frames<R: BufRead> {
    source: Option<R>,
    frame: Option<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>,
}

impl<R: BufRead> Frames<R> {
    /// Opens the next frame; false at the end.
    fn open(&mut self) -> io::Result<bool> {
        let Some(mut source) = self.source.take() else { return Ok(false) };
        loop {
            let start = source.fill_buf()?;
            if start.is_empty() {
                return Ok(false);
            }
            // Skippable frames: magic 0x184D2A5?, then a length.
            if start[0] & 0xf0 != 0x50 {
                break;
            }
            let mut header = [0; 8];
            source.read_exact(&mut header)?;
            let length = u64::from(u32::from_le_bytes([header[4], header[5], header[6], header[7]]));
            if !is_zstd(&header) || io::copy(&mut source.by_ref().take(length), &mut io::sink())? != length {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "invalid zstd frame"));
            }
        }
        let frame = StreamingDecoder::new_with_max_window_size(source, ZSTD_WINDOW)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("zstd: {error}")))?;
        self.frame = Some(frame);
        Ok(true)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.frame.is_none() && !self.open()? {
                return Ok(0);
            }
            let Some(frame) = &mut self.frame else { return Ok(0) };
            // Its own words are those of a debugger.
            let broken = |_| io::Error::new(io::ErrorKind::InvalidData, "corrupt or incomplete zstd stream");
            match frame.read(buffer).map_err(broken)? {
                0 if !buffer.is_empty() => self.source = self.frame.take().map(StreamingDecoder::into_inner),
                read => return Ok(read),
            }
        }
    }
}
