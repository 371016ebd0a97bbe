//! The loop of a monitor: between the container, its log and those who look.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;
use process::{Child, Error, Result, signals};

use crate::First;
use crate::hub::Hub;
use crate::log::Sink;
use crate::message::{self, Message, PIECE};
use crate::streams::Ends;
use crate::streams::{self, Kind, Streams};

/// What the step above does with a container, at the turns of its life.
pub trait Life {
    /// Makes the first process, with these standard descriptors, and lets it wait for its program.
    ///
    /// # Errors
    /// Whatever failed; nothing is left then.
    fn create(&mut self, stdio: &Ends) -> Result<First>;

    /// The program runs.
    ///
    /// # Errors
    /// When that cannot be written down; the container is killed then.
    fn started(&mut self, pid: u32) -> Result<()>;

    /// Somebody sends it a signal.
    fn signal(&self, first: &Child, number: u32) {
        first.signal(number);
    }

    /// It has ended. Cleans up; `Some` is how long to wait before it begins anew.
    ///
    /// # Errors
    /// When something of it is left.
    fn ended(&mut self, status: u8) -> Result<Option<Duration>>;
}

/// How long a client may take to read the last words.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How often to look whether a process has opened a terminal again: the kernel does not say.
const AWAY: u8 = 100;

/// Is the parent of a container until its end. `first` is the connection to whoever started us, `directory` is where
/// others find us.
///
/// # Errors
/// Why it could not be started; who started us has been told.
// ANCHOR: run
pub fn run(
    first: Option<OwnedFd>,
    directory: &Path,
    mut kind: Kind,
    log: &mut dyn Sink,
    life: &mut dyn Life,
) -> Result<u8> {
    let mut hub = match Hub::new(directory) {
        Ok(hub) => hub,
        Err(error) => {
            if let Some(first) = &first {
                let _ = message::send(first, &Message::Failed(error.clone()));
            }
            return Err(error);
        }
    };
    first.into_iter().for_each(|first| hub.welcome(first));
    // What was said before we began: that one wants the output, and how large its terminal is.
    let mut early = hub.turn(true);
    for message in &early {
        if let Message::Window(rows, columns) = message {
            kind.window = Some((*rows, *columns));
        }
    }
    loop {
        let result = one_life(&mut hub, kind, log, life, std::mem::take(&mut early));
        let (message, result) = match result {
            Ok((_, Some(delay))) => {
                std::thread::sleep(delay);
                continue;
            }
            Ok((status, None)) => (Message::Exited(status), Ok(status)),
            Err(error) => (Message::Failed(error.clone()), Err(error)),
        };
        hub.send(&message);
        let begin = Instant::now();
        while hub.is_busy() && begin.elapsed() < LAST_WORDS {
            let _ = poll(&mut hub.poll(false), PollTimeout::from(100u8));
            hub.turn(false);
        }
        return result;
    }
}
// ANCHOR_END: run

fn one_life(
    hub: &mut Hub,
    kind: Kind,
    log: &mut dyn Sink,
    life: &mut dyn Life,
    early: Vec<Message>,
) -> Result<(u8, Option<Duration>)> {
    let (ends, mut streams) = streams::streams(kind)?;
    let created = life.create(&ends)?;
    drop(ends);
    let pid = created.pid().as_raw().cast_unsigned();
    let result = begin(created, &mut streams, life, pid);
    let child = match result {
        Ok(child) => child,
        Err(error) => {
            // What it made is cleaned up, and the reason is more important than what fails then.
            let _ = life.ended(error.status());
            return Err(error);
        }
    };
    hub.send(&Message::Started(pid));
    let status = accompany(child, streams, hub, log, (life, early))?;
    Ok((status, life.ended(status)?))
}

fn begin(created: First, streams: &mut Streams, life: &mut dyn Life, pid: u32) -> Result<Child> {
    streams.take_terminal()?;
    let child = created.start()?;
    life.started(pid)?;
    Ok(child)
}

/// Copies and forwards until the first process has ended.
// ANCHOR: accompany
fn accompany(
    mut child: Child,
    mut streams: Streams,
    hub: &mut Hub,
    log: &mut dyn Sink,
    (life, early): (&dyn Life, Vec<Message>),
) -> Result<u8> {
    let signals = signals::descriptor()?;
    early.into_iter().for_each(|message| obey(message, life, &child, &mut streams));
    loop {
        if let Some(status) = child.try_wait()? {
            copy(&mut streams, hub, log, usize::MAX);
            return Ok(status);
        }
        wait(&signals, &streams, hub)?;
        while let Ok(Some(signal)) = signals.read_signal() {
            if signal.ssi_signo != Signal::SIGCHLD as u32 {
                life.signal(&child, signal.ssi_signo);
            }
        }
        streams.flush();
        if hub.has_room() {
            copy(&mut streams, hub, log, 16);
        }
        for message in hub.turn(streams.wants_input()) {
            obey(message, life, &child, &mut streams);
        }
        streams.close_if_done();
    }
}
// ANCHOR_END: accompany

fn obey(message: Message, life: &dyn Life, child: &Child, streams: &mut Streams) {
    match message {
        Message::Input(bytes) => streams.type_in(&bytes),
        Message::InputEnd => streams.end_input(),
        Message::Window(rows, columns) => streams.resize(rows, columns),
        Message::Signal(number) => life.signal(child, number.into()),
        _ => {}
    }
}

fn wait(signals: &SignalFd, streams: &Streams, hub: &Hub) -> Result<()> {
    let mut waiting = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
    let mut away = false;
    if hub.has_room() {
        for (_, fd) in streams.readable() {
            // A terminal that nobody has open is always ready to say so.
            away = streams.has_terminal() && is_away(fd);
            if !away {
                waiting.push(PollFd::new(fd, PollFlags::POLLIN));
            }
        }
    }
    waiting.extend(streams.writable().map(|fd| PollFd::new(fd, PollFlags::POLLOUT)));
    waiting.extend(hub.poll(streams.wants_input()));
    let timeout = if away { PollTimeout::from(AWAY) } else { PollTimeout::NONE };
    match poll(&mut waiting, timeout) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(Error::os("wait for the container", errno)),
    }
}

fn is_away(terminal: std::os::fd::BorrowedFd<'_>) -> bool {
    let mut ask = [PollFd::new(terminal, PollFlags::POLLIN)];
    let _ = poll(&mut ask, PollTimeout::ZERO);
    let answer = ask[0].revents().unwrap_or(PollFlags::empty());
    answer.contains(PollFlags::POLLHUP) && !answer.contains(PollFlags::POLLIN)
}

/// From the container to the log and to those who look, at most `pieces` of each stream.
fn copy(streams: &mut Streams, hub: &mut Hub, log: &mut dyn Sink, pieces: usize) {
    let mut buffer = [0; PIECE];
    let open: Vec<_> = streams.readable().map(|(stream, _)| stream).collect();
    for stream in open {
        for _ in 0..pieces {
            let Some(count) = streams.read(stream, &mut buffer) else { break };
            log.write(stream, &buffer[..count]);
            if hub.is_watched() {
                let bytes = buffer[..count].to_vec();
                let message = match stream {
                    streams::Stream::Output => Message::Output(bytes),
                    streams::Stream::Errors => Message::Errors(bytes),
                };
                hub.send(&message);
            }
        }
    }
}
