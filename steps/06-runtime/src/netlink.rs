//! A few words of rtnetlink(7): what is asked of the kernel about network devices, as bytes.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt, socket,
    sockopt,
};
use nix::sys::time::TimeVal;
use process::{Error, Result};

/// A socket of one network namespace: that in which it was made.
pub(crate) struct Netlink(OwnedFd);

/// A request: its kind and flags, a header of its own, and attributes.
pub(crate) struct Request(Vec<u8>);

/// Four bytes of length, two of kind, two of flags, four of number, four of the sender.
const HEADER: usize = 16;

impl Request {
    /// `kind` is `RTM_*`, `flags` are `NLM_F_*` besides the request's own.
    pub(crate) fn new(kind: u16, flags: i32, body: &[u8]) -> Request {
        let flags = (libc::NLM_F_REQUEST | flags) as u16;
        let mut bytes = vec![0; 4];
        bytes.extend(kind.to_ne_bytes().into_iter().chain(flags.to_ne_bytes()).chain([0; 8]));
        bytes.extend(body);
        Request(bytes)
    }

    /// Adds an attribute.
    pub(crate) fn with(mut self, kind: u16, value: &[u8]) -> Request {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes().into_iter().chain(kind.to_ne_bytes()));
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }
}

/// What the kernel answered: the kind, and what comes after the header.
pub(crate) type Answer = (u16, Vec<u8>);

impl Netlink {
    /// Of the namespace that we are in.
    pub(crate) fn open() -> Result<Netlink> {
        let failed = |errno| Error::os("open a netlink socket", errno);
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket =
            socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute).map_err(failed)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0)).map_err(failed)?;
        // The kernel answers at once; should it not, nobody waits for ever.
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::new(10, 0)).map_err(failed)?;
        Ok(Netlink(socket))
    }

    /// Sends a request and takes all that comes, until the kernel has said that it is done.
    pub(crate) fn ask(&self, Request(mut bytes): Request) -> nix::Result<Vec<Answer>> {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        bytes[..4].copy_from_slice(&length.to_ne_bytes());
        send(self.0.as_raw_fd(), &bytes, MsgFlags::empty())?;
        let (mut answers, mut part) = (Vec::new(), vec![0; 1 << 16]);
        loop {
            let length = recv(self.0.as_raw_fd(), &mut part, MsgFlags::empty())?;
            let mut rest = &part[..length];
            while let Some((kind, body, next)) = message(rest) {
                rest = next;
                match i32::from(kind) {
                    libc::NLMSG_DONE => return Ok(answers),
                    libc::NLMSG_ERROR => {
                        let number =
                            body.get(..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_ne_bytes);
                        return if number == 0 { Ok(answers) } else { Err(nix::errno::Errno::from_raw(-number)) };
                    }
                    _ => answers.push((kind, body.to_vec())),
                }
            }
        }
    }
}

/// The first message of several: its kind, what is in it, and the rest.
fn message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    let body = bytes.get(HEADER..length)?;
    Some((kind, body, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

/// The attributes of an answer, after `skip` bytes of its own header.
pub(crate) fn attributes(body: &[u8], skip: usize) -> Vec<(u16, &[u8])> {
    let (mut found, mut rest) = (Vec::new(), body.get(skip..).unwrap_or_default());
    while let Some(length) = rest.get(..2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_ne_bytes) {
        let length = usize::from(length);
        let (Some(kind), Some(value)) = (rest.get(2..4), rest.get(4..length)) else { break };
        found.push((u16::from_ne_bytes([kind[0], kind[1]]), value));
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_there_and_back() {
        let Request(bytes) = Request::new(16, 0, &[1, 2, 3, 4]).with(3, b"eth0\0").with(4, &[9]);
        assert_eq!(attributes(&bytes, HEADER + 4), [(3, &b"eth0\0"[..]), (4, &[9])]);
        assert_eq!(attributes(&bytes[..HEADER + 6], HEADER + 4), []);
        assert!(message(&bytes).is_none() && message(&[]).is_none());
    }
}
