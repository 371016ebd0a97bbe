//! Descriptors that come by number. The only `unsafe` of this step.
#![expect(unsafe_code, reason = "descriptors that come by number")]

use std::io::IoSliceMut;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockaddrLike, SockaddrStorage, getsockname, getsockopt, recvmsg,
    sockopt,
};
use tokio::io::unix::AsyncFd;

/// sd_listen_fds(3): passed descriptors begin here.
const FIRST: i32 = 3;

/// Takes the first descriptor that systemd passed, when it is a socket that listens: with its family.
pub(crate) fn passed() -> nix::Result<(OwnedFd, AddressFamily)> {
    // SAFETY: our caller has seen in LISTEN_PID that this descriptor was made for this process, and calls once.
    let socket = unsafe { OwnedFd::from_raw_fd(FIRST) };
    if !getsockopt(&socket, sockopt::AcceptConn)? {
        return Err(Errno::ENOTSOCK);
    }
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    let address: SockaddrStorage = getsockname(socket.as_raw_fd())?;
    Ok((socket, address.family().unwrap_or(AddressFamily::Unspec)))
}

/// Takes a descriptor from a message that has been sent already; `None` when there was none in it, or no message.
pub(crate) fn receive(socket: &UnixStream) -> nix::Result<Option<OwnedFd>> {
    let (mut byte, mut space) = ([0], nix::cmsg_space!([i32; 1]));
    let mut slices = [IoSliceMut::new(&mut byte)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(&mut space), flags)?;
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = control
            && let [number] = numbers[..]
        {
            // SAFETY: recvmsg has just made this descriptor for us.
            return Ok(Some(unsafe { OwnedFd::from_raw_fd(number) }));
        }
    }
    Ok(None)
}

/// Opens the other end of a terminal: (its own end, what a program gets).
pub(crate) fn terminal(rows: u16, columns: u16) -> nix::Result<(OwnedFd, OwnedFd)> {
    let window = nix::libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let ends = nix::pty::openpty(&window, None)?;
    for end in [&ends.master, &ends.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    Ok((ends.master, ends.slave))
}

nix::ioctl_write_ptr_bad!(tiocswinsz, nix::libc::TIOCSWINSZ, nix::libc::winsize);

/// ioctl(TIOCSWINSZ): sets the size of a terminal.
pub(crate) fn resize(terminal: &OwnedFd, rows: u16, columns: u16) -> nix::Result<()> {
    let window = nix::libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: it reads a winsize that lives here.
    unsafe { tiocswinsz(terminal.as_raw_fd(), &window) }.map(drop)
}

/// Waits for a descriptor by the runtime.
pub(crate) fn register(descriptor: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an owned descriptor stays the same, and open, for as long as what owns it.
    Ok(unsafe { AsyncFd::register(descriptor) }?)
}
