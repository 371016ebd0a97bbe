//! The only `unsafe` of this step: what nix and rustix do not wrap.
#![expect(unsafe_code, reason = "seccomp(2) and keyctl(2) have no safe wrapper")]

use std::io;

use libc::{sock_filter, sock_fprog};

/// keyctl(KEYCTL_JOIN_SESSION_KEYRING): a session keyring of its own, without a name.
pub(crate) fn new_session_keyring() -> io::Result<()> {
    let anonymous = std::ptr::null::<libc::c_char>();
    // SAFETY: no name is given, and nothing is written to.
    let answer = unsafe { libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, anonymous) };
    if answer >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// seccomp(2): installs a filter for this thread and all that it becomes.
pub(crate) fn seccomp(program: &[sock_filter], flags: u32) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let program = sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: `program` and the instructions it points to live during the call; the kernel copies them.
    let answer =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, std::ptr::from_ref(&program)) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
