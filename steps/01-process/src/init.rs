//! The first process of a PID namespace, for programs that were not made to be one (`--init`).
//!
//! The kernel spares process 1 every signal for which it has no handler, and gives it all orphans, whose ends it has to
//! take note of; most programs do neither (pid_namespaces(7)). So another one is process 1, and the program its child:
//! it gets every signal, and its end is the end of all.

use std::ffi::OsString;
use std::io::{Write, stderr, stdin};
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::isatty;

use crate::{Error, Program, Result, Setup, Start, kernel};

/// What it is called in a container; nothing need be there.
pub const NAME: &str = "/run/podling-init";

/// The program that runs `program` as the child of a process 1 of ours. Its file is the one that we are running, which has
/// to be sealed against whoever runs in the container; no path leads to it there.
#[must_use]
pub fn program(program: Program) -> Program {
    let words = [NAME, "--"].map(OsString::from);
    Program { args: words.into_iter().chain(program.args).collect(), file: Some(ourselves), ..program }
}

/// Whether our program needs no other file: where the host's files are gone, one that needs its libraries cannot start.
#[must_use]
pub fn stands_alone() -> bool {
    let Ok(file) = crate::file::read("/proc/self/exe", 4096) else { return false };
    let number = |at: usize, size: usize| {
        let bytes = file.get(at..at + size)?;
        Some(bytes.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
    };
    // Of an ELF file of 64 bits (elf(5)): where its program headers are, and how many of what size.
    let headers = (|| Some((number(32, 8)?, number(54, 2)?, number(56, 2)?)))();
    let Some((first, size, count)) = headers else { return false };
    let interpreter = 3;
    !(0..count).any(|header| number(first + header * size, 4) == Some(interpreter))
}

fn ourselves() -> Result<OwnedFd> {
    open("/proc/self/exe", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())
        .map_err(|errno| Error::os("open our own program to be process 1", errno))
}

/// The program's command line, when `args` is ours and we are to be process 1.
pub(crate) fn asked(args: &[OsString]) -> Option<&[OsString]> {
    match args {
        [name, dashes, program @ ..] if name == NAME && dashes == "--" => Some(program),
        _ => None,
    }
}

/// Runs the program and returns its exit status; an error is said here, where nobody else hears it.
// ANCHOR: init
pub(crate) fn main(args: &[OsString]) -> u8 {
    run(args).unwrap_or_else(|error| {
        let _ = writeln!(stderr(), "Error: {error}");
        error.status()
    })
}

fn run(args: &[OsString]) -> Result<u8> {
    let terminal = isatty(stdin()).unwrap_or(false);
    if terminal {
        // It can belong to one session, and that is to be the program's.
        kernel::leave_terminal(stdin().as_fd()).map_err(|errno| Error::os("leave the terminal", errno))?;
    }
    let program = Program::new(args);
    let setup = Foreground(terminal);
    let start = Start::new(&program, &setup);
    start.start()?.wait()
}
// ANCHOR_END: init

/// Takes the terminal, if there is one, so that its keys and its window reach the program.
struct Foreground(bool);

impl Setup for Foreground {
    fn setup(&self) -> Result<()> {
        match self.0 {
            true => kernel::take_terminal(stdin().as_fd()).map_err(|errno| Error::os("take the terminal", errno)),
            false => Ok(()),
        }
    }
}
