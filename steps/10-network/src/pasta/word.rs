//! How pasta says that all is set up: it writes its process id.

use std::env;
use std::fs;
use std::io::{ErrorKind, PipeReader, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::mkdtemp;
use process::{Error, Result, code};

use crate::pasta::Attached;

/// How long pasta may take; on a machine that is not drowning it is about 30 milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one that says nothing more may take to end, in milliseconds.
const LAST: u16 = 500;

/// Where it writes.
#[derive(Debug)]
pub(crate) enum Word {
    /// To its standard output, which is ours to read: it comes at once, and leaves nothing.
    Pipe(PipeReader),
    /// To a file, where a security policy does not let pasta open our pipe, as Fedora's does not.
    File(PidFile),
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is ready.
    Ready,
    /// It has ended.
    Ended,
    /// It runs, and cannot say it this way.
    Mute,
}

impl Word {
    /// Waits for it.
    ///
    /// # Errors
    /// When it takes too long.
    pub fn hear(&mut self, pasta: &Attached) -> Result<Heard> {
        match self {
            Word::Pipe(pipe) => hear_pipe(pipe, pasta),
            Word::File(file) => file.hear(pasta),
        }
    }
}

fn hear_pipe(pipe: &mut PipeReader, pasta: &Attached) -> Result<Heard> {
    if !readable(pipe, timeout(PATIENCE))? {
        return Err(late());
    }
    loop {
        match pipe.read(&mut [0; 16]) {
            Ok(0) if readable(pasta, LAST.into())? => return Ok(Heard::Ended),
            Ok(0) => return Ok(Heard::Mute),
            Ok(_) => return Ok(Heard::Ready),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::os("read what pasta says", error)),
        }
    }
}

/// A file in a directory that nobody else can put anything into; gone with this.
#[derive(Debug)]
pub(crate) struct PidFile(PathBuf);

impl PidFile {
    /// In the user's run directory, or where there is none in `/tmp`.
    pub fn new() -> Result<PidFile> {
        let place = env::var_os("XDG_RUNTIME_DIR").map_or_else(|| "/tmp".into(), PathBuf::from);
        let made = mkdtemp(&place.join("podling-pasta-XXXXXX")).or_else(|_| mkdtemp("/tmp/podling-pasta-XXXXXX"));
        made.map(PidFile).map_err(|errno| Error::os("make a directory for pasta", errno))
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.0.join("pid")
    }

    fn hear(&self, pasta: &Attached) -> Result<Heard> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if fs::metadata(self.path()).is_ok_and(|file| file.len() > 0) {
                return Ok(Heard::Ready);
            }
            if readable(pasta, 2u16.into())? {
                return Ok(Heard::Ended);
            }
        }
        Err(late())
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path());
        let _ = fs::remove_dir(&self.0);
    }
}

fn readable(what: &impl AsFd, timeout: PollTimeout) -> Result<bool> {
    loop {
        match poll(&mut [PollFd::new(what.as_fd(), PollFlags::POLLIN)], timeout) {
            Err(Errno::EINTR) => {}
            result => return result.map(|ready| ready > 0).map_err(|errno| Error::os("wait for pasta", errno)),
        }
    }
}

fn timeout(time: Duration) -> PollTimeout {
    PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX)
}

fn late() -> Error {
    Error::new(format!("pasta did not set up the network within {} seconds", PATIENCE.as_secs()))
        .code(code::PASTA_FAILED)
        .exit(126)
}
