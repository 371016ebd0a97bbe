//! Whoever answers for system calls: the kernel stops the caller and asks, on a descriptor that somebody has to be sent
//! (runtime-spec, config-linux.md, "Seccomp" and "The Container Process State"; seccomp_unotify(2)).

use std::cell::RefCell;
use std::io::{IoSlice, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use nix::unistd::Pid;
use process::{Error, Result, code};
use serde_json::{Value, json};

use super::{Action, Profile};

/// Calls that the process itself has to make until the agent has what it answers on, and until its maker knows.
const OURS: [&str; 2] = ["sendmsg", "write"];

/// Whom a filter asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The socket that it listens at.
    pub path: PathBuf,
    /// What it is told besides.
    pub metadata: Option<String>,
}

impl Asked {
    /// Whom the profile's rules ask; `None` when none of them does.
    ///
    /// # Errors
    /// When they ask nobody, or about what would stop the process before the agent can answer.
    // ANCHOR: asked
    pub(super) fn of(profile: &Profile) -> Result<Option<Asked>> {
        if profile.default_action == Action::Notify {
            return Err(Error::new("seccomp: SCMP_ACT_NOTIFY cannot be the default action").code(code::BAD_SECCOMP));
        }
        let mut asking = profile.syscalls.iter().filter(|rule| rule.action == Action::Notify).peekable();
        if profile.listener_path.is_none() && profile.listener_metadata.is_some() {
            return Err(Error::new("seccomp: there is a listenerMetadata, but no listenerPath").code(code::BAD_SECCOMP));
        }
        if asking.peek().is_none() {
            return Ok(None);
        }
        if let Some(name) = asking.flat_map(|rule| &rule.names).find(|name| OURS.contains(&name.as_ref())) {
            let why = "the process needs it itself before the agent can answer";
            return Err(Error::because(format!("seccomp: SCMP_ACT_NOTIFY cannot be used for {name}"), why)
                .code(code::BAD_SECCOMP));
        }
        let missing = || {
            Error::new("seccomp: SCMP_ACT_NOTIFY, and nobody to ask: there is no listenerPath").code(code::BAD_SECCOMP)
        };
        let path = profile.listener_path.clone().ok_or_else(missing)?;
        Ok(Some(Asked { path, metadata: profile.listener_metadata.clone() }))
    }
    // ANCHOR_END: asked
}

/// A connection to the agent, for one process. Made by the parent, where the path is the host's; used by the child.
#[derive(Debug)]
pub struct Agent {
    asked: Asked,
    /// Closed on each side as soon as that has nothing to send any more.
    socket: RefCell<Option<UnixStream>>,
    /// The child's number outside, which only the parent knows.
    number: (PipeReader, PipeWriter),
    /// What it is told, as soon as that is known.
    told: RefCell<Value>,
}

impl Agent {
    /// Connects; `state` is the container's (runtime-spec, runtime.md, "State"), its `pid` comes with [`Agent::tell`].
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(asked: &Asked, state: Value) -> Result<Agent> {
        let socket = UnixStream::connect(&asked.path)
            .map_err(|error| Error::os(format!("connect to the seccomp agent {}", asked.path.display()), error))?;
        let number = std::io::pipe().map_err(|error| Error::os("make a pipe", error))?;
        let mut told = json!({ "ociVersion": state["ociVersion"], "fds": ["seccompFd"], "state": state });
        if let Some(metadata) = &asked.metadata {
            told["metadata"] = metadata.as_str().into();
        }
        Ok(Agent { asked: asked.clone(), socket: RefCell::new(Some(socket)), number, told: RefCell::new(told) })
    }

    /// In the parent: which process it is about. The connection is the child's alone from then on.
    ///
    /// # Errors
    /// None that a pipe which was just made would give.
    pub fn tell(&self, pid: Pid) -> Result<()> {
        self.socket.take();
        let written = (&self.number.1).write_all(&pid.as_raw().to_ne_bytes());
        written.map_err(|error| Error::os("tell the process its number", error))
    }

    /// In the child: hears it.
    pub(crate) fn hear(&self) -> Result<()> {
        let mut number = [0; 4];
        let heard = (&self.number.0).read_exact(&mut number);
        heard.map_err(|error| Error::os("hear the process's number", error))?;
        let (mut told, pid) = (self.told.borrow_mut(), i32::from_ne_bytes(number));
        told["pid"] = pid.into();
        told["state"]["pid"] = pid.into();
        Ok(())
    }

    /// What has to stay open until [`Agent::send`].
    pub(crate) fn needs(&self) -> Option<RawFd> {
        self.socket.borrow().as_ref().map(AsRawFd::as_raw_fd)
    }

    /// In the child: sends what the kernel asks on, and closes the connection.
    ///
    /// From here on each call may be one that is asked about, and the agent can answer.
    // ANCHOR: send
    pub(crate) fn send(&self, listener: OwnedFd) -> Result<()> {
        let failed = |errno| Error::os(format!("send to the seccomp agent {}", self.asked.path.display()), errno);
        let text = self.told.borrow().to_string();
        let socket = self.socket.take().ok_or(Errno::ENOTCONN).map_err(failed)?;
        let descriptors = [listener.as_raw_fd()];
        let (mut rest, mut rights) = (text.as_bytes(), &[ControlMessage::ScmRights(&descriptors)][..]);
        while !rest.is_empty() {
            let sent =
                sendmsg::<()>(socket.as_fd().as_raw_fd(), &[IoSlice::new(rest)], rights, MsgFlags::MSG_NOSIGNAL, None);
            match sent {
                // With the first part only.
                Ok(count) => (rest, rights) = (&rest[count..], &[]),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
        Ok(())
    }
    // ANCHOR_END: send
}
