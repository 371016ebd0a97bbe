//! The only `unsafe` of this step: what nix and rustix do not wrap.
#![expect(unsafe_code, reason = "these system calls have no safe wrapper")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use libc::{sock_filter, sock_fprog};

use crate::standing::{MemoryPolicy, Scheduler};

/// keyctl(KEYCTL_JOIN_SESSION_KEYRING): a session keyring of its own, without a name.
pub(crate) fn new_session_keyring() -> io::Result<()> {
    let anonymous = std::ptr::null::<libc::c_char>();
    // SAFETY: no name is given, and nothing is written to.
    let answer = unsafe { libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, anonymous) };
    if answer >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// seccomp(2): installs a filter for this thread and all that it becomes.
pub(crate) fn seccomp(program: &[sock_filter], flags: u32) -> io::Result<()> {
    install(program, u64::from(flags)).map(drop)
}

/// The same; the descriptor that the kernel asks on, which is closed on exec (seccomp_unotify(2)).
pub(crate) fn seccomp_listener(program: &[sock_filter], flags: u32) -> io::Result<OwnedFd> {
    let descriptor = install(program, u64::from(flags) | libc::SECCOMP_FILTER_FLAG_NEW_LISTENER)?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Whether the kernel knows a flag of seccomp(2): it looks at the flags first, and then for a program, of which there is none.
pub(crate) fn knows_seccomp_flag(flag: u64) -> bool {
    let none = std::ptr::null::<sock_fprog>();
    // SAFETY: there is nothing to read at null, and so nothing is installed.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flag, none) };
    answer < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

fn install(program: &[sock_filter], flags: u64) -> io::Result<i32> {
    let len = u16::try_from(program.len()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let program = sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: `program` and the instructions it points to live during the call; the kernel copies them.
    let answer =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, std::ptr::from_ref(&program)) };
    if answer >= 0 { Ok(answer as i32) } else { Err(io::Error::last_os_error()) }
}

/// linux/sched/types.h, its first version.
#[repr(C)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// sched_setattr(2) for this thread.
pub(crate) fn set_scheduler(scheduler: &Scheduler) -> io::Result<()> {
    let Scheduler { policy, flags, nice, priority, runtime, deadline, period } = *scheduler;
    let size = size_of::<SchedAttr>() as u32;
    let attributes = SchedAttr { size, policy, flags, nice, priority, runtime, deadline, period };
    // SAFETY: the kernel reads as many bytes as the structure says it has.
    answered(unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) })
}

/// ioprio_set(2) for this thread: class and level in one number (linux/ioprio.h).
pub(crate) fn set_io_priority(class: u8, level: u8) -> io::Result<()> {
    const WHO_PROCESS: libc::c_int = 1;
    let priority = libc::c_int::from(class) << 13 | libc::c_int::from(level);
    // SAFETY: integers only.
    answered(unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0, priority) })
}

/// set_mempolicy(2) for this thread and all that it becomes.
pub(crate) fn set_memory_policy(mode: u32, nodes: &[u32]) -> io::Result<()> {
    const BITS: usize = u64::BITS as usize;
    let mut mask = [0_u64; (MemoryPolicy::LAST_NODE as usize + 1) / BITS];
    for node in nodes {
        let word = mask.get_mut(*node as usize / BITS).ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        *word |= 1 << (*node as usize % BITS);
    }
    // One bit more than there are: the kernel takes one off.
    let (pointer, bits) = if nodes.is_empty() { (std::ptr::null(), 0) } else { (mask.as_ptr(), mask.len() * BITS + 1) };
    // SAFETY: the kernel reads that many bits of the mask, which lives here.
    answered(unsafe { libc::syscall(libc::SYS_set_mempolicy, mode, pointer, bits) })
}

/// personality(2) of this thread and all that it becomes.
pub(crate) fn set_personality(personality: u32) -> io::Result<()> {
    // SAFETY: an integer only.
    answered(unsafe { libc::personality(libc::c_ulong::from(personality)) }.into())
}

fn answered(answer: libc::c_long) -> io::Result<()> {
    if answer >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
