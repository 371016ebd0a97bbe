//! What this step asks of the kernel. The only `unsafe` of this step.
#![expect(unsafe_code, reason = "a descriptor from accept(2)")]

use std::os::fd::{FromRawFd, OwnedFd};

/// Takes a connection.
pub(crate) fn accepted(fd: i32) -> OwnedFd {
    // SAFETY: accept4 has just made this descriptor for us.
    unsafe { OwnedFd::from_raw_fd(fd) }
}
