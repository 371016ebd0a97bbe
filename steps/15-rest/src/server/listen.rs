//! Where requests come from.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::sys::socket::AddressFamily;
use nix::sys::stat::{Mode, umask};
use nix::unistd::getuid;
use process::{Error, Result, code};

use crate::kernel;

/// A socket that listens.
pub(crate) enum Listening {
    /// A path; removed at the end when we have made it.
    Unix(UnixListener, Option<Made>),
    /// An address of this machine.
    Tcp(TcpListener),
}

/// A socket's path, ours to remove.
pub(crate) struct Made(PathBuf);

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Opens what `uri` names. Without one: the socket that systemd has passed, or else the user's own.
// ANCHOR: listen
pub(crate) fn listen(uri: Option<&str>) -> Result<Listening> {
    match uri {
        Some(uri) => match uri.split_once(':') {
            Some(("unix", path)) => unix(Path::new(path.strip_prefix("//").unwrap_or(path))),
            Some(("tcp", address)) => tcp(address.strip_prefix("//").unwrap_or(address)),
            _ => Err(Error::new(format!("cannot listen on {uri:?}: it begins neither with unix: nor with tcp:"))
                .code(code::BAD_VALUE)),
        },
        None if activated() => passed(),
        None => unix(&default_path()?),
    }
}
// ANCHOR_END: listen

/// Whether systemd has passed sockets to this very process (sd_listen_fds(3)).
fn activated() -> bool {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    number("LISTEN_PID") == Some(std::process::id()) && number("LISTEN_FDS").is_some_and(|count| count > 0)
}

fn passed() -> Result<Listening> {
    let failed = |errno| Error::os("take the socket that systemd passes", errno);
    let (socket, family) = kernel::passed().map_err(failed)?;
    match family {
        AddressFamily::Unix => Ok(Listening::Unix(socket.into(), None)),
        AddressFamily::Inet | AddressFamily::Inet6 => Ok(Listening::Tcp(socket.into())),
        _ => Err(failed(nix::errno::Errno::EAFNOSUPPORT)),
    }
}

/// `$XDG_RUNTIME_DIR/podling/podling.sock`; for root `/run/podling/podling.sock`.
fn default_path() -> Result<PathBuf> {
    let run = match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute()) {
        Some(run) => run,
        None if getuid().is_root() => "/run".into(),
        None => PathBuf::from(format!("/run/user/{}", getuid())),
    };
    if !run.is_dir() {
        return Err(Error::new(format!("there is no directory {} for the socket", run.display()))
            .code(code::NO_RUNTIME_DIRECTORY)
            .hint("log in (a login makes it), or name a place: podling system service unix:PATH"));
    }
    Ok(run.join("podling/podling.sock"))
}

/// Who can connect can do whatever the user can. So the directory and the socket are closed to others from the
/// first instant: the mode is set by the umask, not afterwards.
// ANCHOR: unix
fn unix(path: &Path) -> Result<Listening> {
    let failed = |error| Error::os(format!("listen on {}", path.display()), error);
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
    }
    if UnixStream::connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
        // Nobody listens: one was killed and could not remove it.
        fs::remove_file(path).map_err(failed)?;
    }
    let before = umask(Mode::from_bits_truncate(0o177));
    let socket = UnixListener::bind(path);
    umask(before);
    Ok(Listening::Unix(socket.map_err(failed)?, Some(Made(path.to_path_buf()))))
}
// ANCHOR_END: unix

fn tcp(address: &str) -> Result<Listening> {
    let failed = |error| Error::os(format!("listen on {address}"), error);
    Ok(Listening::Tcp(TcpListener::bind(address).map_err(failed)?))
}
