//! What a monitor and those who look at its container say to each other: one message a packet (unix(7),
//! `SOCK_SEQPACKET`), its first byte the kind.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, recvmsg, sendmsg, socketpair};
use process::{Error, Result};

/// The most bytes of input or output in one message.
pub const PIECE: usize = 32 * 1024;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// To the monitor: send me what the container writes from now on.
    Attach,
    /// To the monitor: bytes for the container's standard input.
    Input(Vec<u8>),
    /// To the monitor: there is no more input.
    InputEnd,
    /// To the monitor: the size of the caller's terminal, rows and columns.
    Window(u16, u16),
    /// To the monitor: send the container's first process this signal.
    Signal(u8),
    /// From the monitor: the program runs, with this process id.
    Started(u32),
    /// From the monitor: bytes from the container's standard output, or its terminal.
    Output(Vec<u8>),
    /// From the monitor: bytes from the container's standard error.
    Errors(Vec<u8>),
    /// From the monitor: the container could not be started.
    Failed(Error),
    /// From the monitor: the container has ended with this status, and all is cleaned up.
    Exited(u8),
}

// ANCHOR: encode
impl Message {
    /// As one packet.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let with = |kind: u8, rest: &[u8]| [&[kind], rest].concat();
        match self {
            Message::Attach => with(b'a', &[]),
            Message::Input(bytes) => with(b'i', bytes),
            Message::InputEnd => with(b'e', &[]),
            Message::Window(rows, columns) => with(b'w', &[rows.to_le_bytes(), columns.to_le_bytes()].concat()),
            Message::Signal(number) => with(b's', &[*number]),
            Message::Started(pid) => with(b'p', &pid.to_le_bytes()),
            Message::Output(bytes) => with(b'1', bytes),
            Message::Errors(bytes) => with(b'2', bytes),
            Message::Failed(error) => with(b'f', &told(error)),
            Message::Exited(status) => with(b'x', &[*status]),
        }
    }

    /// From one packet; `None` when it is none of ours.
    #[must_use]
    pub fn decode(packet: &[u8]) -> Option<Message> {
        let (kind, rest) = packet.split_first()?;
        Some(match (kind, rest) {
            (b'a', []) => Message::Attach,
            (b'i', bytes) => Message::Input(bytes.to_vec()),
            (b'e', []) => Message::InputEnd,
            (b'w', [a, b, c, d]) => Message::Window(u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d])),
            (b's', [number]) => Message::Signal(*number),
            (b'p', bytes) => Message::Started(u32::from_le_bytes(bytes.try_into().ok()?)),
            (b'1', bytes) => Message::Output(bytes.to_vec()),
            (b'2', bytes) => Message::Errors(bytes.to_vec()),
            (b'f', bytes) => Message::Failed(serde_json::from_slice(bytes).ok()?),
            (b'x', [status]) => Message::Exited(*status),
            _ => return None,
        })
    }
}
// ANCHOR_END: encode

/// An error as text that fits into a packet: a path of an image may be longer than that.
fn told(error: &Error) -> Vec<u8> {
    let text = |error: &Error| serde_json::to_vec(error).unwrap_or_default();
    let all = text(error);
    if all.len() <= PIECE {
        return all;
    }
    let beginning: String = error.to_string().chars().take(1000).collect();
    text(&Error::new(format!("{beginning}...")).exit(error.status()).code(error.known_code()))
}

/// Two connected ends, one for each side.
///
/// # Errors
/// When there is no socket to be had.
pub fn pair() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
        .map_err(|errno| Error::os("make a pair of sockets for the monitor", errno))
}

/// Sends one message, waiting until there is room for it.
///
/// # Errors
/// `EPIPE` when nobody is at the other end.
pub fn send(socket: &OwnedFd, message: &Message) -> nix::Result<()> {
    send_packet(socket, &message.encode(), MsgFlags::empty())
}

pub(crate) fn send_packet(socket: &OwnedFd, packet: &[u8], flags: MsgFlags) -> nix::Result<()> {
    loop {
        let flags = flags | MsgFlags::MSG_NOSIGNAL;
        match sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(packet)], &[], flags, None) {
            Err(Errno::EINTR) => {}
            result => return result.map(drop),
        }
    }
}

/// The next message; `None` at the end, or when the other side makes no sense.
///
/// # Errors
/// `EAGAIN` when `flags` say not to wait and there is none.
pub fn receive(socket: &OwnedFd, flags: MsgFlags) -> nix::Result<Option<Message>> {
    let mut packet = [0; PIECE + 1];
    loop {
        let mut slices = [IoSliceMut::new(&mut packet)];
        match recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut slices, None, flags) {
            // The other side has ended with messages of ours unread; what it sent before is still to come.
            Err(Errno::EINTR | Errno::ECONNRESET) => {}
            result => {
                let count = result?.bytes;
                return Ok(Message::decode(&packet[..count]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_received() {
        let (ours, theirs) = pair().unwrap();
        let messages = [
            Message::Attach,
            Message::Input(vec![0; PIECE]),
            Message::InputEnd,
            Message::Window(24, 80),
            Message::Signal(15),
            Message::Started(4711),
            Message::Output(b"out".to_vec()),
            Message::Errors(Vec::new()),
            Message::Failed(Error::new("no").exit(126)),
            Message::Exited(137),
        ];
        for message in messages {
            send(&ours, &message).unwrap();
            assert_eq!(receive(&theirs, MsgFlags::empty()), Ok(Some(message)));
        }
        drop(ours);
        assert_eq!(receive(&theirs, MsgFlags::empty()), Ok(None));
    }

    #[test]
    fn a_long_error_is_told_in_part() {
        let (ours, theirs) = pair().unwrap();
        let error = Error::os(format!("change to {}", "é/".repeat(40_000)), Errno::ENAMETOOLONG).exit(126);
        send(&ours, &Message::Failed(error)).unwrap();
        let Ok(Some(Message::Failed(told))) = receive(&theirs, MsgFlags::empty()) else { panic!() };
        assert_eq!((told.status(), told.to_string().chars().count()), (126, 1003));
    }

    #[test]
    fn nonsense_is_nothing() {
        for packet in [&b""[..], b"?", b"w1", b"s", b"p123", b"f{", b"x12", b"aa"] {
            assert_eq!(Message::decode(packet), None, "{packet:?}");
        }
    }
}
