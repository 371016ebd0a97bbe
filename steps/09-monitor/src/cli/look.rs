//! `logs ID`, `attach ID`, `wait ID`.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;

use clap::ArgMatches;
use nix::sys::socket::MsgFlags;
use process::{Command, Error, Result, code};

use super::run::status;
use super::{directory, id};
use crate::log::Entry;
use crate::message::{Message, receive};
use crate::{Client, client, dial};

/// The verb.
pub const LOGS: Command = Command { name: "logs", about: "Show what a container wrote", define: id, run: logs };
/// The verb.
pub const ATTACH: Command =
    Command { name: "attach", about: "See what a running container writes, and type to it", define: id, run: attach };
/// The verb.
pub const WAIT: Command =
    Command { name: "wait", about: "Wait for a container's end, and print its status", define: id, run: wait };

fn logs(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let directory = directory(matches)?;
    let path = directory.join("log");
    let text = match fs::read(&path) {
        // It has said nothing yet.
        Err(error) if error.kind() == ErrorKind::NotFound && directory.exists() => Vec::new(),
        result => result.map_err(|error| Error::os(format!("read {}", path.display()), error))?,
    };
    for entry in text.split(|byte| *byte == b'\n').filter_map(Entry::parse) {
        let end: &[u8] = if entry.whole { b"\n" } else { b"" };
        let written = out.write_all(&entry.text).and_then(|()| out.write_all(end));
        written.map_err(|error| Error::os("write to standard output", error))?;
    }
    Ok(0)
}

fn connect(matches: &ArgMatches) -> Result<OwnedFd> {
    dial(&directory(matches)?)?.ok_or_else(|| Error::new("the container does not run").code(code::NOT_RUNNING))
}

fn attach(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let socket = connect(matches)?;
    client::hello(&socket, false)?;
    let client = Client { input: true, terminal: false, signals: true, detach: Vec::new() };
    status(client.relay(&socket)?)
}

fn wait(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let socket = connect(matches)?;
    loop {
        let message = receive(&socket, MsgFlags::empty());
        match message.map_err(|errno| Error::os("hear from the monitor", errno))? {
            Some(Message::Exited(status)) => {
                writeln!(out, "{status}").map_err(|error| Error::os("write to standard output", error))?;
                return Ok(0);
            }
            Some(_) => {}
            None => return Err(Error::new("the monitor has ended without a word").code(code::MONITOR_ENDED)),
        }
    }
}
