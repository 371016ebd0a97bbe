//! `start ID`: the word to begin.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::ArgMatches;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::{Command, Error, Result};

use crate::inside::list;
use crate::options::{self, given_id};
use crate::record::{REPORT, Status, WORD};
use crate::store::{Place, Store};
use crate::{globals, hooks, translate};

/// The verb.
pub const START: Command =
    Command { name: "start", about: "Start the program of a created container", define: options::id, run };

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(start(given_id(matches)))
}

fn start(id: &str) -> Result<u8> {
    let locked = Store::open()?.place(id)?.lock()?;
    let place = locked.place();
    let record = place.read()?;
    record.status(place).demand(&[Status::Created], "start", id)?;
    if !record.has_program {
        return Err(translate::missing("process"));
    }
    if let Err(error) = begin(place) {
        // Who is told of it will delete the container, and has to find it ended.
        let end = Instant::now() + Duration::from_secs(10);
        while record.init.is_some_and(|init| init.lives()) && Instant::now() < end {
            sleep(Duration::from_millis(1));
        }
        return Err(error);
    }
    hooks::run_all("poststart", list(record.hooks.poststart()), &record.state(Status::Running), &record.bundle);
    Ok(0)
}

/// Gives the word, and waits until the program is executed.
// ANCHOR: begin
pub(crate) fn begin(place: &Place) -> Result<()> {
    let path = place.file(WORD);
    let failed = |error: io::Error| Error::os(format!("write to {}", path.display()), error);
    let mut word = OpenOptions::new().write(true).custom_flags(nix::libc::O_NONBLOCK).open(&path).map_err(failed)?;
    word.write_all(b"!").map_err(failed)?;
    // Nobody can give it a second time.
    fs::remove_file(&path).map_err(failed)?;
    // The other end is closed by exec, or by the end of who had it open.
    let mut ends = [PollFd::new(word.as_fd(), PollFlags::empty())];
    while let Err(Errno::EINTR) = poll(&mut ends, PollTimeout::NONE) {}
    let report = fs::read(place.file(REPORT)).unwrap_or_default();
    match serde_json::from_slice::<Error>(&report) {
        Ok(error) => Err(error),
        Err(_) => Ok(()),
    }
}
// ANCHOR_END: begin
