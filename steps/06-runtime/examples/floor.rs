//! The floor below every runtime: only what the kernel itself has to do for a container. It checks nothing, reads no document,
//! keeps no state, and confines nobody; `scripts/bench runtime` measures how far above it a runtime is.
#![expect(unsafe_code, reason = "clone(2) has no safe wrapper")]

use std::io::Result;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, exit};

use namespaces::IdMap;
use nix::errno::Errno;
use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::CloneFlags;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid, chdir, geteuid, pipe, pivot_root, read, setresgid, setresuid, write};
use rustix::system::sethostname;

/// What `runtime spec` asks for: where, what kind, options of the file system.
const MOUNTS: [(&str, &str, &str); 6] = [
    ("proc", "proc", ""),
    ("dev", "tmpfs", "mode=755,size=64m"),
    ("dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620"),
    ("dev/shm", "tmpfs", "mode=1777,size=64000k"),
    ("dev/mqueue", "mqueue", ""),
    ("sys", "sysfs", ""),
];

/// `runtime-floor ROOTFS PROGRAM [ARGUMENT...]`
fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    let (Some(root), Some(program)) = (words.next().map(PathBuf::from), words.next()) else {
        eprintln!("usage: runtime-floor ROOTFS PROGRAM [ARGUMENT...]");
        exit(125);
    };
    let mut flags = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWCGROUP;
    let map = if geteuid().is_root() { None } else { Some(IdMap::of_caller().map_err(std::io::Error::other)?) };
    flags.set(CloneFlags::CLONE_NEWUSER, map.is_some());
    let (word, speaker) = pipe()?;
    let flags = libc::c_long::from(flags.bits() | libc::SIGCHLD);
    // SAFETY: without CLONE_VM the child has a copy of this address space, and there is one thread.
    let pid = Errno::result(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })?;
    if pid == 0 {
        drop(speaker);
        let _ = read(&word, &mut [0]);
        inside(&root, map.is_some())?;
        return Err(Command::new(program).args(words).exec());
    }
    let pid = Pid::from_raw(i32::try_from(pid).map_err(std::io::Error::other)?);
    map.map_or(Ok(()), |map| map.write(pid)).map_err(std::io::Error::other)?;
    write(speaker.as_fd(), b"!")?;
    match waitpid(pid, None)? {
        WaitStatus::Exited(_, status) => exit(status),
        _ => exit(128),
    }
}

fn inside(root: &PathBuf, mapped: bool) -> Result<()> {
    if mapped {
        let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
        setresgid(group, group, group)?;
        setresuid(user, user, user)?;
    }
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_SLAVE | MsFlags::MS_REC, none)?;
    mount(Some(root), root, none, MsFlags::MS_BIND | MsFlags::MS_REC, none)?;
    chdir(root)?;
    for (place, kind, options) in MOUNTS {
        if place.starts_with("dev/") {
            std::fs::create_dir(place)?;
        }
        mount(Some(kind), place, Some(kind), MsFlags::MS_NOSUID, Some(options))?;
    }
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    sethostname(b"floor")?;
    Ok(())
}
