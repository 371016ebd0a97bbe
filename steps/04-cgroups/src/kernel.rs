//! What this step asks of the kernel beside files: bpf(2).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::libc;

/// An instruction of eBPF (linux/bpf.h, `struct bpf_insn`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Instruction {
    pub code: u8,
    /// The one that changes, and the other one in the upper half.
    pub registers: u8,
    pub offset: i16,
    pub value: i32,
}

/// Commands, kinds and flags (linux/bpf.h).
const PROG_LOAD: libc::c_int = 5;
const PROG_ATTACH: libc::c_int = 8;
const CGROUP_DEVICE_PROGRAM: u32 = 15;
const CGROUP_DEVICE: u32 = 6;
const ALLOW_MULTI: u32 = 2;

/// `union bpf_attr` for PROG_LOAD, as far as we use it.
#[repr(C)]
struct Load {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    version: u32,
    flags: u32,
}

/// The same for PROG_ATTACH.
#[repr(C)]
struct Attach {
    target: RawFd,
    program: RawFd,
    kind: u32,
    flags: u32,
}

/// Hands a program to the kernel, which checks that it ends and touches nothing that is not its own.
pub(crate) fn load_device_program(instructions: &[Instruction]) -> io::Result<OwnedFd> {
    let load = Load {
        kind: CGROUP_DEVICE_PROGRAM,
        count: instructions.len().try_into().map_err(io::Error::other)?,
        instructions: instructions.as_ptr().addr() as u64,
        license: c"MIT".as_ptr().addr() as u64,
        log_level: 0,
        log_size: 0,
        log: 0,
        version: 0,
        flags: 0,
    };
    let descriptor = bpf(PROG_LOAD, &load)?;
    #[expect(unsafe_code, reason = "bpf(2) answers with a bare descriptor")]
    // SAFETY: PROG_LOAD has just made this descriptor (close-on-exec), and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Adds it to what is asked for the cgroup of this directory. It stays as long as the cgroup does.
pub(crate) fn attach_device_program(directory: BorrowedFd<'_>, program: BorrowedFd<'_>) -> io::Result<()> {
    let attach =
        Attach { target: directory.as_raw_fd(), program: program.as_raw_fd(), kind: CGROUP_DEVICE, flags: ALLOW_MULTI };
    bpf(PROG_ATTACH, &attach).map(drop)
}

#[expect(unsafe_code, reason = "bpf(2) has no safe wrapper in nix or rustix")]
fn bpf<T>(command: libc::c_int, attributes: &T) -> io::Result<RawFd> {
    // SAFETY: the kernel reads as many bytes of `attributes` as it is told there are, and the addresses in there are of
    // what the callers above borrow until this returns: instructions, counted, and a text that ends with zero. It
    // writes nothing, for there is no log.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attributes), size_of::<T>()) };
    match RawFd::try_from(answer) {
        Ok(descriptor) if descriptor >= 0 => Ok(descriptor),
        _ => Err(io::Error::last_os_error()),
    }
}
