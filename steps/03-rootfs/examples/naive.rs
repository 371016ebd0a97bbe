//! A root directory the way everybody would do it at first: chroot(2). Nothing outside of it has a name any more. But
//! all of it is still mounted, and whoever is root inside climbs out by three system calls.
//!
//! ```text
//! cargo run -p rootfs --example rootfs-naive -- [--escape] [--pivot] DIR COMMAND...
//! ```
//!
//! `--escape` does, before the command, what any program in there can do. `--pivot` puts this step's wall in place of
//! the naive one, so that the same escape can be tried on both.

use std::path::PathBuf;
use std::process::ExitCode;

use namespaces::Namespaces;
use process::{Error, Program, Result, Setup, Stdio};
use rootfs::Rootfs;
use rustix::process::{chdir, chroot};

/// The wall.
struct Chroot(PathBuf);

// ANCHOR: naive
impl Setup for Chroot {
    fn setup(&self) -> Result<()> {
        chroot(&self.0).map_err(|errno| Error::os(format!("chroot to {}", self.0.display()), errno))?;
        chdir("/").map_err(|errno| Error::os("change to directory /", errno))
    }
}
// ANCHOR_END: naive

/// The way out.
struct Escape;

// ANCHOR: escape
impl Setup for Escape {
    fn setup(&self) -> Result<()> {
        let failed = |errno| Error::os("escape", errno);
        // The root goes down, the working directory stays: it is above the root now, and ".." stops only at the root.
        chroot("bin").map_err(failed)?;
        for _ in 0..64 {
            chdir("..").map_err(failed)?;
        }
        chroot(".").map_err(failed)
    }
}
// ANCHOR_END: escape

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let escape = arguments.next_if(|word| word == "--escape").map(|_| Escape);
    let pivot = arguments.next_if(|word| word == "--pivot").is_some();
    let Some(root) = arguments.next().map(PathBuf::from) else {
        eprintln!("Usage: rootfs-naive [--escape] [--pivot] DIR COMMAND...");
        return ExitCode::from(125);
    };
    let program = Program::new(arguments);
    let done = match pivot {
        false => run(&program, &(Chroot(root), escape)),
        true => run(&program, &(Rootfs::new(root, false), escape)),
    };
    done.map_or_else(
        |error| {
            eprintln!("Error: {error}");
            ExitCode::from(error.status())
        },
        ExitCode::from,
    )
}

fn run(program: &Program, setup: &dyn Setup) -> Result<u8> {
    Namespaces::container(true)?.run(program, Stdio { terminal: false, interactive: true }, setup)
}
