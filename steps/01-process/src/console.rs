//! The child's end of a terminal.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::fcntl::{OFlag, open};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, recvmsg, sendmsg,
    socketpair,
};
use nix::sys::stat::{Mode, fstat};
use nix::unistd::{Gid, Uid, dup2_stderr, dup2_stdin, dup2_stdout, fchown};

use crate::{Error, Result, Setup, code, kernel};

/// Makes a pseudo-terminal in the child, from the devpts that the child sees, and makes it the terminal of its
/// session and its standard descriptors. The master's end goes to the parent through a socket, as the OCI
/// runtimes do (runc's docs/terminals.md).
pub struct Console {
    socket: OwnedFd,
    owner: Option<u32>,
    window: Option<libc::winsize>,
}

impl Console {
    /// The two ends of the socket: the child's part, and what the parent gives to [`receive`].
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub fn pair() -> Result<(Console, OwnedFd)> {
        let (theirs, ours) = sockets()?;
        Ok((Console::through(theirs).like_callers(), ours))
    }

    /// The child's part, when the socket was made elsewhere.
    #[must_use]
    pub fn through(socket: OwnedFd) -> Console {
        Console { socket, owner: None, window: None }
    }

    /// The terminal begins with this size: a program asks for it when it starts, and the parent would be too late.
    #[must_use]
    pub fn size(mut self, rows: u16, columns: u16) -> Console {
        self.window = Some(libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 });
        self
    }

    /// It begins with the size of the terminal that is among our standard descriptors.
    pub(crate) fn like_callers(mut self) -> Console {
        self.window = callers_window();
        self
    }

    /// Hands the parent a terminal that somebody else has made, instead of making one.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn hand(&self, master: &OwnedFd) -> Result<()> {
        if let Some(window) = &self.window {
            let _ = kernel::set_window(master.as_fd(), window);
        }
        send(&self.socket, master)
    }

    /// The size that it begins with, rows and columns.
    #[must_use]
    pub fn window(&self) -> Option<(u16, u16)> {
        self.window.map(|window| (window.ws_row, window.ws_col))
    }

    /// The terminal belongs to this user, who is not root.
    #[must_use]
    pub fn owner(mut self, uid: u32) -> Console {
        self.owner = Some(uid);
        self
    }
}

impl Setup for Console {
    // ANCHOR: console
    fn setup(&self) -> Result<()> {
        let failed = |errno| Error::os("make a terminal from /dev/ptmx", errno);
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let master = open("/dev/ptmx", flags, Mode::empty()).map_err(failed)?;
        let is_ptmx = fstat(&master).map_err(failed)?.st_rdev == libc::makedev(5, 2);
        if !is_ptmx {
            return Err(
                Error::new("/dev/ptmx is not the terminal multiplexer (character device 5:2)").code(code::FORGED)
            );
        }
        // By ioctl and not by the name in /dev/pts, which another process could exchange (CVE-2025-52565).
        let peer = kernel::open_peer(master.as_fd()).map_err(failed)?;
        if let Some(uid) = self.owner {
            fchown(&peer, Some(Uid::from_raw(uid)), None::<Gid>).map_err(failed)?;
        }
        if let Some(window) = &self.window {
            kernel::set_window(peer.as_fd(), window).map_err(failed)?;
        }
        kernel::take_terminal(peer.as_fd()).map_err(failed)?;
        send(&self.socket, &master)?;
        for result in [dup2_stdin(&peer), dup2_stdout(&peer), dup2_stderr(&peer)] {
            result.map_err(failed)?;
        }
        Ok(())
    }
    // ANCHOR_END: console
}

/// Sets the size of a terminal.
///
/// # Errors
/// When it is none.
pub fn set_size(terminal: BorrowedFd<'_>, rows: u16, columns: u16) -> nix::Result<()> {
    kernel::set_window(terminal, &libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })
}

/// Rows and columns of the first of our standard descriptors that is a terminal.
#[must_use]
pub fn callers_size() -> Option<(u16, u16)> {
    callers_window().map(|window| (window.ws_row, window.ws_col))
}

/// The window of the first of our standard descriptors that is a terminal.
pub(crate) fn callers_window() -> Option<libc::winsize> {
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()].into_iter().find_map(|fd| kernel::window(fd).ok())
}

/// The child's end and the parent's.
pub(crate) fn sockets() -> Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)
        .map_err(|errno| Error::os("make a pair of sockets for the terminal", errno))
}

/// SCM_RIGHTS, unix(7).
fn send(socket: &OwnedFd, master: &OwnedFd) -> Result<()> {
    let descriptors = [master.as_raw_fd()];
    let message = [ControlMessage::ScmRights(&descriptors)];
    sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(b"tty")], &message, MsgFlags::MSG_NOSIGNAL, None)
        .map(drop)
        .map_err(|errno| Error::os("hand the terminal to the parent", errno))
}

/// Waits for the master's end of the child's terminal; `None` when the child ended before.
///
/// # Errors
/// When the socket fails.
pub fn receive(socket: &OwnedFd) -> Result<Option<OwnedFd>> {
    let mut bytes = [0; 16];
    let mut space = nix::cmsg_space!(i32);
    let mut slices = [IoSliceMut::new(&mut bytes)];
    let failed = |errno| Error::os("receive the terminal of the program", errno);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut slices, Some(&mut space), flags).map_err(failed)?;
    let descriptor = message.cmsgs().map_err(failed)?.find_map(|message| match message {
        ControlMessageOwned::ScmRights(descriptors) => descriptors.first().copied(),
        _ => None,
    });
    Ok(descriptor.map(kernel::received))
}
