//! Those who look at a container: who started it, and whoever connects later.

use std::collections::VecDeque;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, accept4, bind, connect, listen, socket,
};
use nix::sys::stat::{Mode, umask};
use process::{Error, Result};

use crate::kernel;
use crate::message::{self, Message};

/// The name of the socket in a container's directory.
pub const SOCKET: &str = "attach";
/// Packets that a client may leave unread before the container has to wait for it.
const QUEUE: usize = 32;
/// As many may look at the same time.
const CLIENTS: usize = 64;

/// A client.
struct Client {
    socket: OwnedFd,
    /// It wants what the container writes.
    attached: bool,
    queue: VecDeque<Vec<u8>>,
}

/// All of them.
pub(crate) struct Hub {
    listener: OwnedFd,
    clients: Vec<Client>,
}

impl Hub {
    /// With a socket in `directory` for whoever comes.
    pub fn new(directory: &Path) -> Result<Hub> {
        let path = directory.join(SOCKET);
        let failed = |errno| Error::os(format!("listen on {}", path.display()), errno);
        // A monitor that was killed has left its own.
        let _ = fs::remove_file(&path);
        let listener =
            socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)
                .map_err(failed)?;
        let place = Place::open(directory).map_err(failed)?;
        // For the user alone; the container's own mask comes later.
        let mask = umask(Mode::from_bits_truncate(0o177));
        let bound = place.address().and_then(|address| bind(listener.as_raw_fd(), &address));
        umask(mask);
        bound.map_err(failed)?;
        listen(&listener, Backlog::new(16).map_err(failed)?).map_err(failed)?;
        Ok(Hub { listener, clients: Vec::new() })
    }

    /// Adds somebody who is connected already.
    pub fn welcome(&mut self, socket: OwnedFd) {
        self.clients.push(Client::new(socket));
    }

    /// What to wait for: the listener first, then each client. Input is read only when the container takes it.
    pub fn poll(&self, input: bool) -> Vec<PollFd<'_>> {
        let listener = std::iter::once(PollFd::new(self.listener.as_fd(), PollFlags::POLLIN));
        let clients = self.clients.iter().map(|client| {
            let mut wants = PollFlags::empty();
            wants.set(PollFlags::POLLIN, input || !client.attached);
            wants.set(PollFlags::POLLOUT, !client.queue.is_empty());
            PollFd::new(client.socket.as_fd(), wants)
        });
        listener.chain(clients).collect()
    }

    /// Whether all of them have room for more.
    pub fn has_room(&self) -> bool {
        self.clients.iter().all(|client| client.queue.len() < QUEUE)
    }

    /// Takes who has connected, sends what waits, and returns what they say.
    pub fn turn(&mut self, input: bool) -> Vec<Message> {
        while let Ok(fd) = accept4(self.listener.as_raw_fd(), SockFlag::SOCK_CLOEXEC) {
            let socket = kernel::accepted(fd);
            if self.clients.len() < CLIENTS {
                self.clients.push(Client::new(socket));
            }
        }
        let mut heard = Vec::new();
        // Who only came to send a signal does not wait for a container that reads slowly.
        self.clients.retain_mut(|client| client.flush() && (!input && client.attached || client.hear(&mut heard)));
        heard
    }

    /// Sends a message to all, or only to those who want what the container writes.
    pub fn send(&mut self, message: &Message) {
        let output = matches!(message, Message::Output(_) | Message::Errors(_));
        let packet = message.encode();
        self.clients.retain_mut(|client| {
            if output && !client.attached {
                return true;
            }
            client.queue.push_back(packet.clone());
            client.flush()
        });
    }

    /// Whether somebody wants what the container writes.
    pub fn is_watched(&self) -> bool {
        self.clients.iter().any(|client| client.attached)
    }

    /// Whether something waits to be sent.
    pub fn is_busy(&self) -> bool {
        self.clients.iter().any(|client| !client.queue.is_empty())
    }
}

impl Client {
    fn new(socket: OwnedFd) -> Client {
        Client { socket, attached: false, queue: VecDeque::new() }
    }

    /// Sends what it takes; false when it is gone.
    fn flush(&mut self) -> bool {
        while let Some(packet) = self.queue.front() {
            match message::send_packet(&self.socket, packet, MsgFlags::MSG_DONTWAIT) {
                Ok(()) => drop(self.queue.pop_front()),
                Err(Errno::EAGAIN) => return true,
                Err(_) => return false,
            }
        }
        true
    }

    /// Reads what it says; false when it is gone.
    fn hear(&mut self, heard: &mut Vec<Message>) -> bool {
        loop {
            match message::receive(&self.socket, MsgFlags::MSG_DONTWAIT) {
                Ok(Some(Message::Attach)) => self.attached = true,
                Ok(Some(message)) => heard.push(message),
                Err(Errno::EAGAIN) => return true,
                _ => return false,
            }
        }
    }
}

/// A directory, by a path that is short however long its own is: an address of a socket has room for 107 bytes.
struct Place(OwnedFd);

impl Place {
    fn open(directory: &Path) -> nix::Result<Place> {
        use nix::fcntl::{OFlag, open};
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        open(directory, flags, nix::sys::stat::Mode::empty()).map(Place)
    }

    fn address(&self) -> nix::Result<UnixAddr> {
        UnixAddr::new(format!("/proc/self/fd/{}/{SOCKET}", self.0.as_raw_fd()).as_str())
    }
}

/// Connects to the monitor of the container whose directory this is; `None` when nobody listens there.
///
/// # Errors
/// When the directory cannot be opened, or there is no socket to be had.
pub fn dial(directory: &Path) -> Result<Option<OwnedFd>> {
    let failed = |errno| Error::os(format!("connect to the monitor in {}", directory.display()), errno);
    let place = match Place::open(directory) {
        Err(Errno::ENOENT) => return Ok(None),
        place => place.map_err(failed)?,
    };
    let socket = socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::SOCK_CLOEXEC, None).map_err(failed)?;
    match connect(socket.as_raw_fd(), &place.address().map_err(failed)?) {
        Ok(()) => Ok(Some(socket)),
        Err(Errno::ENOENT | Errno::ECONNREFUSED) => Ok(None),
        Err(errno) => Err(failed(errno)),
    }
}
