//! The other side: a command that shows a container what is typed, and a person what the container writes.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::socket::MsgFlags;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{read, write};
use process::console::callers_size;
use process::error::EXIT_CANNOT_EXECUTE;
use process::{Error, Result, code, signals};

use crate::message::{self, Message, PIECE};

/// What is passed on.
#[derive(Debug, Clone)]
pub struct Client {
    /// What the caller types or pipes in.
    pub input: bool,
    /// The container has a terminal.
    pub terminal: bool,
    /// Signals.
    pub signals: bool,
    /// What to type to leave the container alone; empty for nothing.
    pub detach: Vec<u8>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The container has ended with this status.
    Exited(u8),
    /// It could not be started.
    Failed(Error),
    /// The caller has left it.
    Detached,
    /// The monitor is gone without a word: somebody has killed it, and so the container.
    Lost,
}

/// Reads the keys of `--detach-keys`: characters and `ctrl-X`, with commas between them; empty for none.
///
/// # Errors
/// When a word is no key.
pub fn keys(text: &str) -> Result<Vec<u8>> {
    let key = |word: &str| match word.as_bytes() {
        [byte] => Some(*byte),
        [b'c', b't', b'r', b'l', b'-', key @ (b'a'..=b'z' | b'@' | b'['..=b'_')] => Some(key & 0x1f),
        _ => None,
    };
    let words = text.split(',').filter(|word| !word.is_empty());
    words
        .map(|word| {
            key(word).ok_or_else(|| {
                Error::new(format!("invalid detach keys: Unknown character: '{word}'")).code(code::BAD_VALUE)
            })
        })
        .collect()
}

/// Asks for the output, and says how large the caller's terminal is; the first words of whoever attaches.
///
/// # Errors
/// When nobody is there.
pub fn hello(socket: &OwnedFd, terminal: bool) -> Result<()> {
    let window = callers_size().filter(|_| terminal).map(|(rows, columns)| Message::Window(rows, columns));
    for message in [Some(Message::Attach), window].into_iter().flatten() {
        message::send(socket, &message).map_err(|errno| Error::os("speak to the monitor", errno))?;
    }
    Ok(())
}

/// Waits until the program runs; its process id.
///
/// # Errors
/// Why it does not.
pub fn started(socket: &OwnedFd) -> Result<u32> {
    loop {
        let message = message::receive(socket, MsgFlags::empty());
        match message.map_err(|errno| Error::os("hear from the monitor", errno))? {
            Some(Message::Started(pid)) => return Ok(pid),
            Some(Message::Failed(error)) => return Err(error),
            Some(_) => {}
            None => {
                return Err(Error::new("the container's monitor has ended before it could start the container")
                    .code(code::MONITOR_ENDED));
            }
        }
    }
}

impl Client {
    /// Relays until the container ends or the caller leaves it.
    ///
    /// # Errors
    /// When the terminal or the connection fails, or nobody takes the output any more.
    // ANCHOR: relay
    pub fn relay(&self, socket: &OwnedFd) -> Result<Outcome> {
        let _held = signals::Held::new()?;
        let signals = signals::descriptor()?;
        let _raw = Raw::new(self.input && self.terminal)?;
        let stdin = io::stdin();
        let (mut input, mut typed) = (self.input, 0);
        loop {
            let mut waiting =
                vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN), PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
            if input {
                waiting.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
            }
            match poll(&mut waiting, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::os("wait for the container", errno)),
            }
            let ready = |at: usize| waiting.get(at).and_then(PollFd::any).unwrap_or(false);
            let (hear, read) = (ready(1), ready(2));
            while let Ok(Some(signal)) = signals.read_signal() {
                self.signal(socket, signal.ssi_signo);
            }
            if hear && let Some(outcome) = hear_all(socket)? {
                return Ok(outcome);
            }
            if read {
                match self.pass_on(socket, stdin.as_fd(), &mut typed) {
                    Passed::On => {}
                    Passed::End => input = false,
                    Passed::Detach => return Ok(Outcome::Detached),
                }
            }
        }
    }
    // ANCHOR_END: relay

    fn signal(&self, socket: &OwnedFd, number: u32) {
        let message = match number {
            number if number == Signal::SIGCHLD as u32 => return,
            number if number == Signal::SIGWINCH as u32 => match callers_size().filter(|_| self.terminal) {
                Some((rows, columns)) => Message::Window(rows, columns),
                None => return,
            },
            number if self.signals => Message::Signal(u8::try_from(number).unwrap_or(0)),
            _ => return,
        };
        // It may have ended just now.
        let _ = message::send(socket, &message);
    }

    fn pass_on(&self, socket: &OwnedFd, stdin: BorrowedFd<'_>, typed: &mut usize) -> Passed {
        let mut bytes = [0; PIECE];
        let count = match read(stdin, &mut bytes) {
            Ok(count) if count > 0 => count,
            Err(Errno::EINTR | Errno::EAGAIN) => return Passed::On,
            _ => {
                let _ = message::send(socket, &Message::InputEnd);
                return Passed::End;
            }
        };
        // The keys to leave may come one by one; what only looked like them is passed on late, but whole.
        let mut out = Vec::with_capacity(count);
        for byte in &bytes[..count] {
            if self.terminal && self.detach.get(*typed) == Some(byte) {
                *typed += 1;
                if *typed == self.detach.len() {
                    return Passed::Detach;
                }
                continue;
            }
            out.extend_from_slice(&self.detach[..std::mem::take(typed)]);
            if self.terminal && self.detach.first() == Some(byte) {
                *typed = 1;
            } else {
                out.push(*byte);
            }
        }
        match message::send(socket, &Message::Input(out)) {
            Ok(()) => Passed::On,
            Err(_) => Passed::End,
        }
    }
}

enum Passed {
    On,
    End,
    Detach,
}

/// Shows what has come.
fn hear_all(socket: &OwnedFd) -> Result<Option<Outcome>> {
    let (stdout, stderr) = (io::stdout(), io::stderr());
    loop {
        match message::receive(socket, MsgFlags::MSG_DONTWAIT) {
            Ok(Some(Message::Output(bytes))) => {
                write_all(stdout.as_fd(), &bytes).map_err(|e| unwritten("output", e))?
            }
            Ok(Some(Message::Errors(bytes))) => write_all(stderr.as_fd(), &bytes).map_err(|e| unwritten("error", e))?,
            Ok(Some(Message::Exited(status))) => return Ok(Some(Outcome::Exited(status))),
            Ok(Some(Message::Failed(error))) => return Ok(Some(Outcome::Failed(error))),
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Some(Outcome::Lost)),
            Err(Errno::EAGAIN) => return Ok(None),
            Err(errno) => return Err(Error::os("hear from the monitor", errno)),
        }
    }
}

/// When nobody takes it any more the caller has seen enough; what becomes of the container is the caller's to say.
fn unwritten(stream: &str, errno: Errno) -> Error {
    Error::os(format!("write to standard {stream}"), errno).exit(EXIT_CANNOT_EXECUTE)
}

fn write_all(out: BorrowedFd<'_>, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match write(out, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR) => {}
            // Somebody who shares it does not want to wait; we do.
            Err(Errno::EAGAIN) => drop(poll(&mut [PollFd::new(out, PollFlags::POLLOUT)], PollTimeout::NONE)),
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// The caller's terminal passes everything on as long as this lives, and is as before afterwards.
struct Raw(Option<Termios>);

impl Raw {
    fn new(wanted: bool) -> Result<Raw> {
        let stdin = io::stdin();
        if !wanted || !stdin.is_terminal() {
            return Ok(Raw(None));
        }
        let failed = |errno| Error::os("set up the terminal", errno);
        let before = tcgetattr(&stdin).map_err(failed)?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(&stdin, SetArg::TCSANOW, &raw).map_err(failed)?;
        Ok(Raw(Some(before)))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, before);
        }
    }
}
