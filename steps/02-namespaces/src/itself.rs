//! This program again, with other rights.

use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::{fstat, stat};
use nix::unistd::geteuid;
use process::{Error, Program, Result, Stdio};

use crate::{Storage, kernel};

/// Set to the caller's uid for whatever runs inside its user namespace: root there is not root.
pub const ROOTLESS_UID: &str = "_PODLING_ROOTLESS_UID";

/// This program's own file, in a way that it cannot be written to. What runs in a container can reach our file by
/// `/proc/PID/exe`, and as the container's root it has our rights over it (CVE-2019-5736): so what it finds there is
/// a read-only mount that is nowhere else or, on Linux before 5.12, a copy in memory.
///
/// # Errors
/// When neither can be made.
// ANCHOR: sealed
pub fn sealed() -> Result<OwnedFd> {
    mounted().or_else(|_| copied()).map_err(|error| Error::os("protect our own program from the container", error))
}

fn mounted() -> io::Result<OwnedFd> {
    // By its path: what /proc/self/exe leads to belongs to the mount namespace that we have left.
    let path = CString::new(fs::read_link("/proc/self/exe")?.into_os_string().into_encoded_bytes())?;
    let file = kernel::clone_mount(&path)?;
    kernel::make_read_only(file.as_fd())?;
    let (found, ours) = (fstat(&file)?, stat("/proc/self/exe")?);
    match (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino) {
        true => Ok(file),
        false => Err(io::ErrorKind::NotFound.into()),
    }
}

fn copied() -> io::Result<OwnedFd> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut memory = File::from(memfd_create("podling", flags)?);
    io::copy(&mut File::open("/proc/self/exe")?, &mut memory)?;
    fcntl(&memory, FcntlArg::F_ADD_SEALS(SealFlag::all()))?;
    Ok(memory.into())
}
// ANCHOR_END: sealed

/// This program, sealed, with other arguments (the first one is its name).
#[must_use]
pub fn program(args: Vec<std::ffi::OsString>) -> Program {
    let mut env: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| name != ROOTLESS_UID)
        .map(|(mut name, value)| {
            name.push("=");
            name.push(value);
            name
        })
        .collect();
    let outside = caller();
    if outside != 0 {
        env.push(format!("{ROOTLESS_UID}={outside}").into());
    }
    Program { args, env: Some(env), cwd: None, file: Some(sealed) }
}

/// The uid of the person outside of our user namespace.
#[must_use]
pub fn caller() -> u32 {
    let inside = std::env::var(ROOTLESS_UID).ok().and_then(|uid| uid.parse().ok()).filter(|_| geteuid().is_root());
    inside.unwrap_or_else(|| geteuid().as_raw())
}

/// Makes the caller root over its own files: runs the same command line again in a user namespace and returns
/// its exit status, or `None` when we are root already.
///
/// # Errors
/// When there is no such namespace to be had.
// ANCHOR: again
pub fn reexec_as_root() -> Result<Option<u8>> {
    if geteuid().is_root() {
        return Ok(None);
    }
    let stdio = Stdio { terminal: false, interactive: true };
    Storage::open()?.run(&program(std::env::args_os().collect()), stdio, &()).map(Some)
}
// ANCHOR_END: again
