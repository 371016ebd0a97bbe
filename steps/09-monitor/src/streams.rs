//! The standard descriptors of a container: pipes, or a terminal; one end for it and one for the monitor.

use std::cell::RefCell;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::unistd::{Gid, Uid, dup2_stderr, dup2_stdin, dup2_stdout, fchown, pipe2, write};
use process::console::{self, Console};
use process::{Error, Result, Setup};

/// What the container has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kind {
    /// A terminal of its own, instead of pipes.
    pub terminal: bool,
    /// Whether its standard input is open; else it reads end of file.
    pub input: bool,
    /// The terminal's first size, rows and columns.
    pub window: Option<(u16, u16)>,
    /// Who the terminal belongs to.
    pub owner: u32,
}

/// The child's part, to be dropped once there is a child.
pub struct Ends {
    console: Option<Console>,
    input: Option<OwnedFd>,
    output: Option<OwnedFd>,
    errors: Option<OwnedFd>,
}

/// The monitor's part.
#[derive(Default)]
pub struct Streams {
    socket: Option<OwnedFd>,
    /// The terminal.
    master: Option<File>,
    input: Option<File>,
    output: Option<File>,
    errors: Option<File>,
    /// What was typed and not yet taken.
    pending: RefCell<Vec<u8>>,
    ended: bool,
}

/// Which of the two streams some bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output, and the terminal.
    Output,
    /// Standard error.
    Errors,
}

impl Ends {
    /// The terminal, to be handed to the monitor by who makes it, when it is not the container's first process itself.
    #[must_use]
    pub fn console(&self) -> Option<&Console> {
        self.console.as_ref()
    }

    /// The three descriptors, for another program to hand on.
    ///
    /// # Errors
    /// When there are no descriptors left, or it has a terminal.
    pub fn pipes(&self) -> Result<[OwnedFd; 3]> {
        let copy = |end: &Option<OwnedFd>| {
            let end = end.as_ref().ok_or(Errno::EBADF.into()).and_then(|end| end.try_clone());
            end.map_err(|error: std::io::Error| Error::os("duplicate the container's descriptors", error))
        };
        Ok([copy(&self.input)?, copy(&self.output)?, copy(&self.errors)?])
    }

    /// Gives the pipes to a user of the container that is to be, who may not be able to take them: a container may have no id
    /// for the monitor's user.
    ///
    /// # Errors
    /// When the monitor may not either.
    pub fn give(&self, (user, group): (u32, u32)) -> Result<()> {
        for end in [&self.input, &self.output, &self.errors].into_iter().flatten() {
            if fstat(end).is_ok_and(|stat| stat.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFIFO.bits()) {
                fchown(end, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))
                    .map_err(|errno| Error::os("give the pipes to the container", errno))?;
            }
        }
        Ok(())
    }
}

impl Setup for Ends {
    fn setup(&self) -> Result<()> {
        if let Some(console) = &self.console {
            return console.setup();
        }
        let failed = |errno| Error::os("set the standard descriptors", errno);
        self.input.as_ref().map_or(Ok(()), dup2_stdin).map_err(failed)?;
        self.output.as_ref().map_or(Ok(()), dup2_stdout).map_err(failed)?;
        self.errors.as_ref().map_or(Ok(()), dup2_stderr).map_err(failed)?;
        Ok(())
    }
}

/// Both parts. A container without input reads from /dev/null, the host's: its own is not there yet.
///
/// # Errors
/// When there are no descriptors left.
pub fn streams(kind: Kind) -> Result<(Ends, Streams)> {
    let failed = |errno| Error::os("make pipes for the container", errno);
    if kind.terminal {
        let (console, socket) = Console::pair()?;
        let console = match kind.window {
            Some((rows, columns)) => console.size(rows, columns),
            None => console,
        };
        let ends = Ends { console: Some(console.owner(kind.owner)), input: None, output: None, errors: None };
        return Ok((ends, Streams { socket: Some(socket), ..Streams::default() }));
    }
    let pipe = || pipe2(OFlag::O_CLOEXEC).map_err(failed);
    let (output, output_end) = pipe()?;
    let (errors, errors_end) = pipe()?;
    let (input_end, input) = match kind.input {
        true => pipe().map(|(end, ours)| (end, Some(ours)))?,
        false => {
            let null = open("/dev/null", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).map_err(failed)?;
            (null, None)
        }
    };
    for end in [Some(&output), Some(&errors), input.as_ref()].into_iter().flatten() {
        fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(failed)?;
    }
    let ends = Ends { console: None, input: Some(input_end), output: Some(output_end), errors: Some(errors_end) };
    let file = |fd: OwnedFd| Some(File::from(fd));
    let streams =
        Streams { input: input.and_then(file), output: file(output), errors: file(errors), ..Streams::default() };
    Ok((ends, streams))
}

impl Streams {
    /// Takes the terminal, which the child made.
    ///
    /// # Errors
    /// When it does not come.
    pub fn take_terminal(&mut self) -> Result<()> {
        let Some(socket) = self.socket.take() else { return Ok(()) };
        let Some(master) = console::receive(&socket)? else { return Ok(()) };
        fcntl(&master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
            .map_err(|errno| Error::os("set up the container's terminal", errno))?;
        self.master = Some(master.into());
        Ok(())
    }

    /// The descriptors to read from; those of a terminal that nobody has open at the moment are not among them.
    pub fn readable(&self) -> impl Iterator<Item = (Stream, BorrowedFd<'_>)> {
        let output = self.master.as_ref().or(self.output.as_ref()).map(|file| (Stream::Output, file.as_fd()));
        output.into_iter().chain(self.errors.as_ref().map(|file| (Stream::Errors, file.as_fd())))
    }

    /// The descriptor to write to, when something waits to be written.
    pub fn writable(&self) -> Option<BorrowedFd<'_>> {
        let file = self.master.as_ref().or(self.input.as_ref())?;
        (!self.pending.borrow().is_empty()).then(|| file.as_fd())
    }

    /// Reads one piece; `None` when there is nothing now, or nothing any more.
    pub fn read(&mut self, stream: Stream, buffer: &mut [u8]) -> Option<usize> {
        let terminal = self.master.is_some();
        let file = match stream {
            Stream::Output if terminal => &mut self.master,
            Stream::Output => &mut self.output,
            Stream::Errors => &mut self.errors,
        };
        loop {
            match file.as_mut()?.read(buffer) {
                Ok(count) if count > 0 => return Some(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                // The last process that had the terminal open has closed it, and another one may open it again.
                Err(error) if terminal && error.raw_os_error() == Some(Errno::EIO as i32) => return None,
                _ => {
                    *file = None;
                    return None;
                }
            }
        }
    }

    /// Whether it has a terminal: that is not silent for good when its reading end is.
    #[must_use]
    pub fn has_terminal(&self) -> bool {
        self.master.is_some()
    }

    /// Adds input, and writes what can be written.
    pub fn type_in(&self, bytes: &[u8]) {
        self.pending.borrow_mut().extend_from_slice(bytes);
        self.flush();
    }

    /// Whether it has taken what was typed so far.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.pending.borrow().len() < 4 * crate::message::PIECE
    }

    /// Writes what waits.
    pub fn flush(&self) {
        let mut pending = self.pending.borrow_mut();
        let Some(file) = self.master.as_ref().or(self.input.as_ref()) else {
            pending.clear();
            return;
        };
        while !pending.is_empty() {
            match write(file, &pending) {
                Ok(count) => drop(pending.drain(..count)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                // It does not read any more.
                Err(_) => pending.clear(),
            }
        }
    }

    /// There is no more input. A pipe is closed once it has taken the rest; a terminal stays, others may type.
    pub fn end_input(&mut self) {
        self.ended = true;
        self.close_if_done();
    }

    /// Closes the input that was ended, once it has taken everything.
    pub fn close_if_done(&mut self) {
        if self.ended && self.pending.borrow().is_empty() {
            self.input = None;
        }
    }

    /// Sets the terminal's size.
    pub fn resize(&self, rows: u16, columns: u16) {
        if let Some(master) = &self.master {
            let _ = console::set_size(master.as_fd(), rows, columns);
        }
    }
}
