//! Two streams in one, as Docker has them: a header of eight bytes before each piece says which one it is of, and how
//! long it is. With a terminal there is one stream, and no header.

use hyper::body::Bytes;

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Out = 1,
    /// Standard error.
    Error = 2,
}

/// A piece with its header.
// ANCHOR: frame
pub(crate) fn frame(stream: Stream, bytes: &[u8]) -> Bytes {
    let mut framed = Vec::with_capacity(8 + bytes.len());
    framed.extend([stream as u8, 0, 0, 0]);
    framed.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend(bytes);
    framed.into()
}
// ANCHOR_END: frame
