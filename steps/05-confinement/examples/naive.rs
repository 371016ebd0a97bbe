//! Confinement the way everybody would do it at first: the program becomes an ordinary user. That takes all of root's
//! power away, but only what it has now: the kernel still answers every question, and gives it a new one.
//!
//! ```text
//! cargo run -p confinement --example confinement-naive -- [--confine] DIR COMMAND...
//! ```
//!
//! Before the command runs, it tries what any program in there can try. `--confine` puts this step's wall in place of the
//! naive one.

use std::fs::read;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use confinement::{Confinement, User};
use namespaces::Namespaces;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use process::{Error, Program, Result, Setup, Stdio};
use rootfs::Rootfs;

const ID: u32 = 2000;

/// The wall.
struct OtherUser;

// ANCHOR: naive
impl Setup for OtherUser {
    fn setup(&self) -> Result<()> {
        let (uid, gid) = (Uid::from_raw(ID), Gid::from_raw(ID));
        setgroups(&[gid])
            .and_then(|()| setresgid(gid, gid, gid))
            .and_then(|()| setresuid(uid, uid, uid))
            .map_err(|errno| Error::os(format!("become user {ID}"), errno))
    }
}
// ANCHOR_END: naive

/// What a program in there tries.
struct Attempts;

// ANCHOR: attempts
impl Setup for Attempts {
    fn setup(&self) -> Result<()> {
        let crypto = || socket(AddressFamily::Alg, SockType::SeqPacket, SockFlag::empty(), None).map(drop);
        let root_again = || unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS);
        let tmpfs = || mount(Some("none"), "/tmp", Some("tmpfs"), MsFlags::empty(), None::<&str>);
        let hardware = read("/proc/interrupts").is_ok_and(|text| !text.is_empty());
        println!("see the host's interrupts:          {}", if hardware { "done" } else { "nothing to see" });
        tried("ask for the kernel's cryptography", crypto());
        tried("become root, in a new namespace", root_again());
        tried("mount a file system", tmpfs());
        Ok(())
    }
}

fn tried(what: &str, answer: nix::Result<()>) {
    let answer = match answer {
        Err(nix::errno::Errno::EPERM) => "refused".into(),
        // A kernel without it would have done it with it.
        Ok(()) | Err(nix::errno::Errno::EAFNOSUPPORT) => "done".into(),
        Err(errno) => io::Error::from(errno).to_string(),
    };
    println!("{:36}{answer}", format!("{what}:"));
}
// ANCHOR_END: attempts

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let confine = arguments.next_if(|word| word == "--confine").is_some();
    let Some(root) = arguments.next().map(PathBuf::from) else {
        eprintln!("Usage: confinement-naive [--confine] DIR COMMAND...");
        return ExitCode::from(125);
    };
    match run(confine, Rootfs::new(root, false), &Program::new(arguments)) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.status())
        }
    }
}

fn run(confine: bool, rootfs: Rootfs, program: &Program) -> Result<u8> {
    let namespaces = Namespaces::container(true)?;
    let stdio = Stdio { terminal: false, interactive: true };
    if confine {
        let wall = Confinement::default_for(User { uid: ID, gid: ID, ..User::default() })?;
        return namespaces.run(program, stdio, &(rootfs, (wall, Attempts)));
    }
    namespaces.run(program, stdio, &(rootfs, (OtherUser, Attempts)))
}
