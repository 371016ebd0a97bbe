//! The system calls that neither the standard library nor nix wraps. The only `unsafe` of this step.
#![expect(unsafe_code, reason = "raw system calls")]

use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::unistd::Pid;

nix::ioctl_write_int_bad!(tiocsctty, libc::TIOCSCTTY);
nix::ioctl_none_bad!(tiocnotty, libc::TIOCNOTTY);
nix::ioctl_read_bad!(tiocgwinsz, libc::TIOCGWINSZ, libc::winsize);
nix::ioctl_write_ptr_bad!(tiocswinsz, libc::TIOCSWINSZ, libc::winsize);
nix::ioctl_write_ptr_bad!(tiocsptlck, libc::TIOCSPTLCK, libc::c_int);
nix::ioctl_write_int_bad!(tiocgptpeer, libc::TIOCGPTPEER);

/// linux/sched.h; beyond what an int holds, as which the libc crate has it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// clone3(2) without a stack: like fork(2), into new namespaces, and into the cgroup of this directory. `None` in the
/// child.
pub(crate) fn clone3(flags: CloneFlags, cgroup: Option<BorrowedFd<'_>>) -> nix::Result<Option<Pid>> {
    // SAFETY: integers only, for which zeros say "nothing".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = u64::from(flags.bits().cast_unsigned());
    // A child of our parent is to be told of as we are.
    args.exit_signal = if flags.contains(CloneFlags::CLONE_PARENT) { 0 } else { libc::SIGCHLD as u64 };
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: the kernel reads as many bytes as it is told there are. Without CLONE_VM the child gets a copy of this
    // address space, and without a stack it goes on with this one's; what it runs does not rely on another thread of the
    // parent (setup.rs asks so).
    let pid = Errno::result(unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of_val(&args)) })?;
    Ok((pid != 0).then(|| Pid::from_raw(pid as libc::pid_t)))
}

/// clone(2), the same with fewer flags and no cgroup: for a kernel, or a filter of system calls, without clone3.
pub(crate) fn clone(flags: CloneFlags) -> nix::Result<Option<Pid>> {
    let flags = libc::c_long::from(flags.bits() | libc::SIGCHLD);
    // SAFETY: as in clone3.
    let pid = Errno::result(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })?;
    Ok((pid != 0).then(|| Pid::from_raw(pid as libc::pid_t)))
}

/// _exit(2): the child of a clone must not run what the parent registered for its own end.
pub(crate) fn exit(status: u8) -> ! {
    // SAFETY: it does not return and touches no memory.
    unsafe { libc::_exit(i32::from(status)) }
}

/// More than this many nobody has open without having asked for it.
const MOST_DESCRIPTORS: u32 = 1 << 16;

/// close_range(2): every descriptor from 3 on but those `kept`, which close at exec.
///
/// Whoever holds one of the others as an object must not drop it any more.
pub(crate) fn close_all_but(mut kept: Vec<u32>) -> nix::Result<()> {
    kept.sort_unstable();
    let mut first = 3;
    for last in kept.into_iter().chain([u32::MAX]) {
        if first < last {
            // SAFETY: integers only. What is closed are descriptors of a process that soon is another program, or ends by
            // _exit(2): none of them is used again.
            let closed = Errno::result(unsafe { libc::syscall(libc::SYS_close_range, first, last - 1, 0) });
            if closed.is_err() {
                // A filter of somebody who does not know this call, which is younger than most filters.
                for descriptor in first..last.min(MOST_DESCRIPTORS) {
                    // SAFETY: as above.
                    unsafe { libc::close(descriptor.cast_signed()) };
                }
            }
        }
        first = first.max(last.saturating_add(1));
    }
    Ok(())
}

/// execveat(2) of an open file. Returns only when it failed.
pub(crate) fn exec_file(file: BorrowedFd<'_>, args: &[CString], env: &[CString]) -> Errno {
    let pointers =
        |list: &[CString]| list.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect::<Vec<_>>();
    let (args, env) = (pointers(args), pointers(env));
    // SAFETY: both lists end with null and point to strings that live until the call returns.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            file.as_raw_fd(),
            c"".as_ptr(),
            args.as_ptr(),
            env.as_ptr(),
            libc::AT_EMPTY_PATH,
        );
    }
    Errno::last()
}

/// signal(2) with SIG_DFL.
pub(crate) fn default_signal(signal: i32) {
    // SAFETY: no handler is installed, one is taken away; those that cannot be changed stay.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// The highest number of a signal.
pub(crate) fn last_signal() -> i32 {
    libc::SIGRTMAX()
}

/// The first real-time signal that the C library has not taken for itself.
pub(crate) fn first_real_time() -> i32 {
    libc::SIGRTMIN()
}

/// kill(2) with any signal number: nix has no name for the real-time ones.
pub(crate) fn kill(pid: Pid, signal: u32) -> nix::Result<()> {
    // SAFETY: integers only.
    Errno::result(unsafe { libc::kill(pid.as_raw(), signal as libc::c_int) }).map(drop)
}

/// waitpid(2) for any child that has ended: which, and its exit status, 128+n when signal n ended it. `None` when
/// there is none yet. nix cannot tell that a real-time signal ended one.
pub(crate) fn wait_any() -> nix::Result<Option<(Pid, u8)>> {
    let mut status = 0;
    // SAFETY: it writes one int that lives here.
    let pid = Errno::result(unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) })?;
    let code = if libc::WIFSIGNALED(status) { 128 + libc::WTERMSIG(status) } else { libc::WEXITSTATUS(status) };
    Ok((pid != 0).then(|| (Pid::from_raw(pid), code as u8)))
}

/// Overwrites the environment's strings with zeros where they are, and then has none.
pub(crate) fn forget_environment() {
    unsafe extern "C" {
        static mut environ: *mut *mut libc::c_char;
    }
    // SAFETY: `environ` is null or a list that ends with null, of strings that can be written to (environ(7)); we have one
    // thread, so nobody reads them meanwhile.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            (*entry).write_bytes(0, libc::strlen(*entry));
            entry = entry.add(1);
        }
        libc::clearenv();
    }
}

/// prctl(PR_SET_PDEATHSIG): the kernel kills this process when its parent dies.
pub(crate) fn die_with_parent() -> nix::Result<()> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
}

/// prctl(PR_SET_PDEATHSIG): no longer.
pub(crate) fn live_on() -> nix::Result<()> {
    nix::sys::prctl::set_pdeathsig(None)
}

/// ioctl(TIOCSCTTY): `terminal` becomes the controlling terminal of this session.
pub(crate) fn take_terminal(terminal: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: the argument is an integer.
    unsafe { tiocsctty(terminal.as_raw_fd(), 0) }.map(drop)
}

/// ioctl(TIOCNOTTY): `terminal` is not the controlling terminal of this session any more. Its foreground processes get
/// SIGHUP, which process 1 of a namespace is spared.
pub(crate) fn leave_terminal(terminal: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: it takes no argument.
    match unsafe { tiocnotty(terminal.as_raw_fd()) } {
        // It was not: then there is nothing to leave.
        Err(Errno::ENOTTY) => Ok(()),
        result => result.map(drop),
    }
}

/// ioctl(TIOCSPTLCK, TIOCGPTPEER): unlocks the pseudo-terminal and opens its other end, without a path.
pub(crate) fn open_peer(master: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    // SAFETY: the first reads one int that lives here, the second takes an integer.
    let peer = unsafe {
        tiocsptlck(master.as_raw_fd(), &0)?;
        tiocgptpeer(master.as_raw_fd(), libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC)?
    };
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(peer) })
}

/// ioctl(TIOCGWINSZ): the window of a terminal.
pub(crate) fn window(terminal: BorrowedFd<'_>) -> nix::Result<libc::winsize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: it writes a winsize that lives here.
    unsafe { tiocgwinsz(terminal.as_raw_fd(), &raw mut size) }.map(|_| size)
}

/// ioctl(TIOCSWINSZ): sets it; the foreground processes get SIGWINCH when it is another one.
pub(crate) fn set_window(terminal: BorrowedFd<'_>, size: &libc::winsize) -> nix::Result<()> {
    // SAFETY: it reads a winsize that lives as long as the reference.
    unsafe { tiocswinsz(terminal.as_raw_fd(), size) }.map(drop)
}

/// Takes a descriptor that arrived in a message.
pub(crate) fn received(fd: i32) -> OwnedFd {
    // SAFETY: recvmsg has just made this descriptor for us.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// execve(2). Returns only when it failed.
pub(crate) fn exec_path(path: &CStr, args: &[CString], env: &[CString]) -> Errno {
    match nix::unistd::execve(path, args, env) {
        Err(errno) => errno,
        Ok(never) => match never {},
    }
}
