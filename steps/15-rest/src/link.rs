//! A connection to a container's monitor, without waiting.

use std::io;
use std::os::fd::OwnedFd;

use monitor::message::{self, Message};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::MsgFlags;
use tokio::io::unix::AsyncFd;

use crate::kernel;

/// The connection.
pub(crate) struct Link(AsyncFd<OwnedFd>);

impl Link {
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Link> {
        // The flag is this end's alone: a pair of sockets are two open files.
        fcntl(&socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Link(kernel::register(socket)?))
    }

    /// The next message; `None` when the monitor is gone.
    pub(crate) async fn receive(&self) -> io::Result<Option<Message>> {
        loop {
            let mut ready = self.0.readable().await?;
            match ready.try_io(|socket| Ok(message::receive(socket.get_ref(), MsgFlags::MSG_DONTWAIT)?)) {
                Ok(result) => return result,
                Err(_would_block) => {}
            }
        }
    }

    /// Sends one.
    pub(crate) async fn send(&self, message: &Message) -> io::Result<()> {
        loop {
            let mut ready = self.0.writable().await?;
            match ready.try_io(|socket| Ok(message::send(socket.get_ref(), message)?)) {
                Ok(result) => return result,
                Err(_would_block) => {}
            }
        }
    }

    /// Waits for the end: its status, or `None` when the monitor is gone without a word.
    pub(crate) async fn ended(&self) -> Option<u8> {
        loop {
            match self.receive().await {
                Ok(Some(Message::Exited(status))) => return Some(status),
                Ok(Some(Message::Failed(error))) => return Some(error.status()),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return None,
            }
        }
    }
}
