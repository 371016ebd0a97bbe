//! What systemd is told of a container that is a service (sd_notify(3)): one datagram of lines.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::PathBuf;

use rootfs::Mount;

/// Where a program that speaks for itself finds systemd's socket.
pub(crate) const INSIDE: &str = "/run/notify/notify.sock";

// ANCHOR: ready
/// Says that the service is ready, and that its main process is this monitor. When nobody asked, or nobody listens,
/// nothing happens: the container runs all the same.
pub(crate) fn ready() {
    let text = format!("MAINPID={}\nREADY=1", std::process::id());
    let _ = send(text.as_bytes());
}
// ANCHOR_END: ready

/// Says only which process it is; the program in the container says the rest.
pub(crate) fn main_process() {
    let _ = send(format!("MAINPID={}", std::process::id()).as_bytes());
}

/// systemd's socket for the program in the container; `None` when nobody asked, or it has no path.
pub(crate) fn mount() -> Option<Mount> {
    let path = PathBuf::from(std::env::var_os("NOTIFY_SOCKET")?);
    path.is_absolute().then(|| Mount::bind(path, INSIDE, "bind,rprivate,nosuid,nodev,noexec"))
}

fn send(text: &[u8]) -> std::io::Result<()> {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return Ok(()) };
    let address = match path.as_bytes() {
        // A name that is no file's.
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(&path)?,
    };
    UnixDatagram::unbound()?.send_to_addr(text, &address).map(drop)
}
