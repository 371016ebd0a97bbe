//! What the program's standard descriptors are.

use std::os::fd::{AsFd, OwnedFd};

use clap::{Arg, ArgAction, ArgMatches};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{dup2_stdin, dup2_stdout};

use crate::{Console, Error, Relay, Result, Setup, Start, console};

/// The choice that `-i` and `-t` make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stdio {
    /// `-t`: a terminal of its own.
    pub terminal: bool,
    /// `-i`: what the caller types or pipes in; without it the program reads end of file.
    pub interactive: bool,
}

/// No input.
struct Null;

impl Setup for Null {
    fn setup(&self) -> Result<()> {
        let null = open("/dev/null", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty());
        null.and_then(dup2_stdin).map_err(|errno| Error::os("make standard input empty", errno))
    }
}

/// What is written to standard output goes nowhere from now on.
///
/// # Errors
/// When there is no /dev/null.
pub fn silence() -> Result<()> {
    let null = open("/dev/null", OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty());
    null.and_then(dup2_stdout).map_err(|errno| Error::os("make standard output silent", errno))
}

/// This descriptor as standard input.
pub struct Input(pub OwnedFd);

impl Setup for Input {
    fn setup(&self) -> Result<()> {
        dup2_stdin(&self.0).map_err(|errno| Error::os("set standard input", errno))
    }
}

impl Stdio {
    /// Adds `-i` and `-t` to a verb.
    #[must_use]
    pub fn arguments(command: clap::Command) -> clap::Command {
        command
            .arg(
                Arg::new("interactive")
                    .short('i')
                    .long("interactive")
                    .action(ArgAction::SetTrue)
                    .help("Keep standard input open"),
            )
            .arg(
                Arg::new("tty").short('t').long("tty").action(ArgAction::SetTrue).help("Give it a terminal of its own"),
            )
    }

    /// What the command line chose.
    #[must_use]
    pub fn from_arguments(matches: &ArgMatches) -> Stdio {
        Stdio { terminal: matches.get_flag("tty"), interactive: matches.get_flag("interactive") }
    }

    /// Starts a process with these standard descriptors, waits for it, and returns its exit status. The terminal
    /// is made after the process's own set-up.
    ///
    /// # Errors
    /// As [`Start::start`] and [`crate::Child::wait`].
    // ANCHOR: stdio
    pub fn run(self, start: &Start<'_>) -> Result<u8> {
        if self.terminal {
            let (console, socket) = Console::pair()?;
            let child = Start { setup: &(start.setup, &console), ..*start }.start()?;
            drop(console);
            return child.wait_with(self.relay(&socket)?);
        }
        let child = match self.interactive {
            true => start.start()?,
            // Before its root changes: that one may have no /dev/null.
            false => Start { setup: &(Null, start.setup), ..*start }.start()?,
        };
        child.wait()
    }
    // ANCHOR_END: stdio

    /// As [`Stdio::run`], when the program is not our child but our child's: that one gets, for a terminal, the
    /// socket as its standard input, and makes it by [`Stdio::console`].
    ///
    /// # Errors
    /// As [`Stdio::run`].
    pub fn run_through(self, start: &Start<'_>) -> Result<u8> {
        if !self.terminal {
            return self.run(start);
        }
        let (theirs, ours) = console::sockets()?;
        let input = Input(theirs);
        let child = Start { setup: &(start.setup, &input), ..*start }.start()?;
        drop(input);
        child.wait_with(self.relay(&ours)?)
    }

    /// The terminal that the caller of [`Stdio::run_through`] waits for; `None` when it wants none.
    ///
    /// # Errors
    /// When standard input cannot be duplicated.
    pub fn console(self) -> Result<Option<Console>> {
        if !self.terminal {
            return Ok(None);
        }
        let socket = std::io::stdin().as_fd().try_clone_to_owned();
        socket
            .map(|socket| Some(Console::through(socket).like_callers()))
            .map_err(|error| Error::os("take the terminal's socket", error))
    }

    /// Relays the terminal that arrives at `socket`; `None` when none does.
    ///
    /// # Errors
    /// When a terminal fails.
    pub fn relay(self, socket: &OwnedFd) -> Result<Option<Relay>> {
        console::receive(socket)?.map(|master| Relay::new(master, self.interactive)).transpose()
    }
}
