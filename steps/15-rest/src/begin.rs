//! `system begin ID`: starts a container for the service, and hands it the connection to the container's monitor.

use std::io::{IoSlice, stdin};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use clap::{Arg, ArgAction, ArgMatches};
use engine::Engine;
use hyper::StatusCode;
use monitor::message::Message;
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use process::{Command, Error, Result};

use crate::answer::Failure;
use crate::call::Service;
use crate::kernel;
use crate::link::Link;
use crate::program::failure;

/// The verb, which only the service uses: its standard input is a socket of the service.
pub const BEGIN: Command = Command { name: "system begin", about: "", define, run: |matches, _| run(matches) };

fn define(command: clap::Command) -> clap::Command {
    images::root_argument(command)
        .arg(Arg::new("attach").long("attach").action(ArgAction::SetTrue))
        .arg(Arg::new("id").required(true))
}

// ANCHOR: begin
fn run(matches: &ArgMatches) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let record = engine.find(matches.get_one::<String>("id").map_or("", String::as_str))?;
    let Some(monitor) = engine.start_connected(&record, matches.get_flag("attach"))? else { return Ok(0) };
    let passed = [monitor.as_raw_fd()];
    let message = ControlMessage::ScmRights(&passed);
    sendmsg::<()>(stdin().as_raw_fd(), &[IoSlice::new(b"m")], &[message], MsgFlags::empty(), None)
        .map_err(|errno| Error::os("pass the monitor's connection to the service", errno))?;
    Ok(0)
}
// ANCHOR_END: begin

/// Starts a container by a fresh process, and returns when its program runs; `None` when it ran already.
pub(crate) async fn begin(service: &Service, id: &str, attach: bool) -> Result<Option<Link>, Failure> {
    let failed =
        |error: std::io::Error| Failure::because(StatusCode::INTERNAL_SERVER_ERROR, "start the container", error);
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let mut command = service.program.command(&["system", "begin"]);
    command.args(attach.then_some("--attach")).arg(id).stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)));
    let output = command.output().await.map_err(failed)?;
    if !output.status.success() {
        return Err(failure(&output));
    }
    // It holds the other end, too.
    drop(command);
    let Some(socket) = kernel::receive(&ours).map_err(|errno| failed(errno.into()))? else { return Ok(None) };
    let link = Link::new(socket).map_err(failed)?;
    loop {
        match link.receive().await.map_err(failed)? {
            Some(Message::Started(_)) => return Ok(Some(link)),
            Some(Message::Failed(error)) => return Err(refused(&error)),
            Some(_) => {}
            None => return Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "the container's monitor has ended")),
        }
    }
}

/// Docker's client makes its exit status of these words: 127 and 126.
fn refused(error: &Error) -> Failure {
    let text = error.to_string();
    match error.status() {
        127 => Failure::because(StatusCode::BAD_REQUEST, &text, "executable file not found"),
        126 if text.contains("ermission denied") => {
            Failure::because(StatusCode::BAD_REQUEST, &text, "permission denied")
        }
        126 => Failure::bad(text),
        _ => Failure::new(StatusCode::INTERNAL_SERVER_ERROR, text),
    }
}
