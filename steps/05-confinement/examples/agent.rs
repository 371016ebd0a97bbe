//! An agent that answers for mkdir(2): `confinement-agent SOCKET`.
//!
//! Of each process that it is sent it prints what it is told, then each question and its answer. In `/tmp/theirs` it makes the
//! directory itself, in the name of the process; in `/tmp/own` it lets the kernel carry the call out; elsewhere there is no room.
#![expect(unsafe_code, reason = "the questions of seccomp_unotify(2) have no safe wrapper")]

use std::fs::File;
use std::io::{IoSliceMut, Result};
use std::mem::zeroed;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use libc::{seccomp_notif, seccomp_notif_resp};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, mkdirat, openat, openat2};

fn main() -> Result<()> {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: confinement-agent SOCKET");
        std::process::exit(125);
    };
    let listener = UnixListener::bind(path)?;
    println!("ready");
    for socket in listener.incoming() {
        // A container that fails on its way has sent nothing, and the others still need us.
        let Ok((told, kernel)) = socket.and_then(|socket| receive(&socket)) else { continue };
        println!("{told}");
        thread::spawn(move || while answer(&kernel).is_ok() {});
    }
    Ok(())
}

/// One process: what is said of it, and the descriptor on which the kernel asks.
fn receive(socket: &UnixStream) -> Result<(String, OwnedFd)> {
    let (mut text, mut kernel) = (Vec::new(), None);
    loop {
        let (mut part, mut space) = ([0; 4096], cmsg_space!([i32; 8]));
        let mut parts = [IoSliceMut::new(&mut part)];
        let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)?;
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(descriptors) = control {
                // SAFETY: the kernel has just made them for us.
                kernel = descriptors.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).next_back();
            }
        }
        let count = message.bytes;
        // The connection is closed when all has been said.
        if count == 0 {
            let text = String::from_utf8_lossy(&text).into_owned();
            return kernel.map(|kernel| (text, kernel)).ok_or_else(|| Errno::EBADF.into());
        }
        text.extend_from_slice(&part[..count]);
    }
}

/// One question.
fn answer(kernel: &OwnedFd) -> Result<()> {
    // SAFETY: integers only, and the kernel demands zeros.
    let (mut question, mut answer): (seccomp_notif, seccomp_notif_resp) = unsafe { (zeroed(), zeroed()) };
    // SAFETY: it writes one structure, of the size that is part of the request's number.
    Errno::result(unsafe { libc::ioctl(kernel.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut question) })?;
    answer.id = question.id;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = openat(CWD, format!("/proc/{}/root", question.pid), flags, Mode::empty());
    let path = argument(&question);
    // The number may be another process's by now, and what we have opened and read another one's.
    // SAFETY: it reads one number.
    let valid = unsafe { libc::ioctl(kernel.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const question.id) };
    if valid < 0 {
        // It is dead; others may still ask.
        return Ok(());
    }
    let (root, path) = (root?, path?);
    if path.starts_with("/tmp/theirs") {
        match make(&root, &path) {
            Ok(()) => answer.val = 0,
            Err(errno) => answer.error = -errno.raw_os_error(),
        }
    } else if path.starts_with("/tmp/own") {
        answer.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
    } else {
        answer.error = -libc::ENOSPC;
    }
    println!("mkdir {path}: {}", if answer.flags == 0 { answer.error.to_string() } else { "go on".into() });
    // SAFETY: it reads one structure, as above.
    match Errno::result(unsafe { libc::ioctl(kernel.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) }) {
        // It has died meanwhile.
        Ok(_) | Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Makes a directory in the root of the process: there its links lead where they lead it. By a path alone, an absolute one
/// would lead to our own files.
fn make(root: &OwnedFd, path: &str) -> rustix::io::Result<()> {
    let (parent, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    let parent = openat2(root, format!("/{parent}"), flags, Mode::empty(), within)?;
    mkdirat(&parent, name, Mode::from_raw_mode(0o777))
}

/// The path that it names, out of the caller's memory.
fn argument(question: &seccomp_notif) -> Result<String> {
    let at = match i64::from(question.data.nr) {
        libc::SYS_mkdirat => question.data.args[1],
        _ => question.data.args[0],
    };
    let mut bytes = [0; 256];
    let count = File::open(format!("/proc/{}/mem", question.pid))?.read_at(&mut bytes, at)?;
    let end = bytes[..count].iter().position(|byte| *byte == 0).unwrap_or(count);
    Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
}
