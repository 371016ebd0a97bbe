//! A user namespace by hand. The program is root there, but alone: no other id exists, and all else is the host's.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::{env, fs, io};

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

// ANCHOR: naive
/// Makes this process root in a user namespace of its own.
fn become_root() -> io::Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    // Without privileges outside one may map oneself, and nobody else; and gid_map is closed to whoever could still
    // leave a group that a file denies something to.
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))
}

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let Some(program) = args.next() else {
        eprintln!("usage: namespaces-naive COMMAND [ARG...]");
        return ExitCode::from(2);
    };
    if let Err(error) = become_root() {
        eprintln!("become root in a user namespace: {error}");
        return ExitCode::FAILURE;
    }
    let error = Command::new(&program).args(args).exec();
    eprintln!("{}: {error}", program.display());
    ExitCode::FAILURE
}
// ANCHOR_END: naive
