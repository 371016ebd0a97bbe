//! This program again, with other rights.

use std::os::fd::{AsFd, OwnedFd};

use nix::unistd::geteuid;
use process::{Error, Program, Result, Stdio};

use crate::{Namespaces, kernel};

/// Set to the caller's uid for whatever runs inside its user namespace: root there is not root.
pub const ROOTLESS_UID: &str = "_PODLING_ROOTLESS_UID";

/// This program's own file through a read-only mount that nothing else sees. What runs in a container can reach
/// our file by `/proc/PID/exe`; through this mount it cannot be opened for writing (CVE-2019-5736). Needs
/// CAP_SYS_ADMIN in the mount namespace.
///
/// # Errors
/// When the kernel refuses (it needs Linux 5.12).
// ANCHOR: sealed
pub fn sealed() -> Result<OwnedFd> {
    let failed = |errno| Error::os("make a read-only mount of our own program", errno);
    let file = kernel::clone_mount(c"/proc/self/exe").map_err(failed)?;
    kernel::make_read_only(file.as_fd()).map_err(failed)?;
    Ok(file)
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
    inside.unwrap_or(geteuid().as_raw())
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
    Namespaces::storage()?.run(&program(std::env::args_os().collect()), stdio, &()).map(Some)
}
// ANCHOR_END: again
