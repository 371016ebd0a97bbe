//! An agent that answers for mkdir(2): `confinement-agent SOCKET`.
//!
//! Of each process that it is sent it prints what it is told, then each question and its answer. In `/tmp/theirs` it makes the
//! directory itself, in the name of the process; in `/tmp/own` it lets the kernel carry the call out; elsewhere there is no room.
#![expect(unsafe_code, reason = "the questions of seccomp_unotify(2) have no safe wrapper")]

use std::fs::{self, File};
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

fn main() -> Result<()> {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: confinement-agent SOCKET");
        std::process::exit(125);
    };
    let listener = UnixListener::bind(path)?;
    println!("ready");
    for socket in listener.incoming() {
        let (told, kernel) = receive(&socket?)?;
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
    let path = argument(&question);
    // The number may be another process's by now, and what we have read another one's memory.
    // SAFETY: it reads one number.
    let valid = unsafe { libc::ioctl(kernel.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const question.id) };
    Errno::result(valid)?;
    let path = path?;
    if path.starts_with("/tmp/theirs") {
        match fs::create_dir(format!("/proc/{}/root{path}", question.pid)) {
            Ok(()) => answer.val = 0,
            Err(error) => answer.error = -error.raw_os_error().unwrap_or(libc::EIO),
        }
    } else if path.starts_with("/tmp/own") {
        answer.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
    } else {
        answer.error = -libc::ENOSPC;
    }
    println!("mkdir {path}: {}", if answer.flags == 0 { answer.error.to_string() } else { "go on".into() });
    // SAFETY: it reads one structure, as above.
    Errno::result(unsafe { libc::ioctl(kernel.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) })?;
    Ok(())
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
