//! What a container wrote, sent to systemd's journal: a datagram a line, in its own protocol
//! (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>), with Podman's names of fields.

use std::os::unix::net::UnixDatagram;

use process::{Error, Result};

use crate::Stream;
use crate::log::Sink;

/// Where journald listens.
pub const SOCKET: &str = "/run/systemd/journal/socket";
/// A line that is longer is sent in parts.
const LONGEST: usize = 48 * 1024;

/// The journal.
pub struct Journal {
    socket: UnixDatagram,
    /// The fields of every line.
    fields: String,
    /// A line of each stream that has begun.
    begun: [Vec<u8>; 2],
}

impl Journal {
    /// For the lines of this container.
    ///
    /// # Errors
    /// When there is no journal.
    pub fn open(id: &str, name: &str, tag: &str) -> Result<Journal> {
        let socket = UnixDatagram::unbound()
            .and_then(|socket| socket.connect(SOCKET).map(|()| socket))
            .map_err(|error| Error::os(format!("connect to the journal at {SOCKET}"), error))?;
        let short = &id[..id.len().min(12)];
        let fields = format!(
            "CONTAINER_ID={short}\nCONTAINER_ID_FULL={id}\nCONTAINER_NAME={name}\nCONTAINER_TAG={tag}\nSYSLOG_IDENTIFIER={name}\n"
        );
        Ok(Journal { socket, fields, begun: [Vec::new(), Vec::new()] })
    }

    fn send(&self, stream: Stream, line: &[u8], whole: bool) {
        let priority = if stream == Stream::Output { "6" } else { "3" };
        let mut entry = format!("{}PRIORITY={priority}\n", self.fields).into_bytes();
        if !whole {
            entry.extend_from_slice(b"CONTAINER_PARTIAL_MESSAGE=true\n");
        }
        // Any bytes may be in it, so its length is given.
        entry.extend_from_slice(b"MESSAGE\n");
        entry.extend_from_slice(&(line.len() as u64).to_le_bytes());
        entry.extend_from_slice(line);
        entry.push(b'\n');
        // A journal that is gone costs lines of the log, not the container.
        let _ = self.socket.send(&entry);
    }
}

impl Sink for Journal {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let index = usize::from(stream == Stream::Errors);
        let mut begun = std::mem::take(&mut self.begun[index]);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            begun.extend_from_slice(piece);
            if let Some(line) = begun.strip_suffix(b"\n") {
                self.send(stream, line, true);
                begun.clear();
            } else if begun.len() >= LONGEST {
                self.send(stream, &begun, false);
                begun.clear();
            }
        }
        self.begun[index] = begun;
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        for (index, stream) in [Stream::Output, Stream::Errors].into_iter().enumerate() {
            let begun = std::mem::take(&mut self.begun[index]);
            if !begun.is_empty() {
                self.send(stream, &begun, true);
            }
        }
    }
}
