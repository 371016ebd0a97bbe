//! `system service [--time N] [URI]`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgMatches, value_parser};
use process::{Command, Error, Result};

use crate::call::Service;
use crate::program::Program;
use crate::server::{self, Listening};

/// The verb.
pub const SERVICE: Command =
    Command { name: "system service", about: "Answer requests over HTTP on a socket", define, run };

fn define(command: clap::Command) -> clap::Command {
    images::root_argument(command)
        .arg(
            Arg::new("time")
                .long("time")
                .short('t')
                .value_name("SECONDS")
                .value_parser(value_parser!(u64))
                .default_value("5")
                .help("End when nobody is connected for so long; 0 is never"),
        )
        .arg(
            Arg::new("uri")
                .value_name("URI")
                .help("unix:PATH or tcp:ADDRESS:PORT (default: the socket that systemd passes, or the user's)"),
        )
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let root = match matches.get_one::<PathBuf>("root") {
        Some(root) => root.clone(),
        None => images::default_root()?,
    };
    let uri = matches.get_one::<String>("uri").map(String::as_str);
    let time = matches.get_one::<u64>("time").copied().filter(|time| *time > 0).map(Duration::from_secs);
    let listen = || {
        let listening = server::listen(uri)?;
        if let Listening::Tcp(socket) = &listening {
            warn(socket).map_err(|error| Error::os("write to standard error", error))?;
        }
        Ok(listening)
    };
    // Said to each process that it starts, too: it may have stood before the verb.
    let program = Program::new(root.clone());
    server::serve(listen, time, Service::new(root, program))?;
    Ok(0)
}

/// There is no password: whoever reaches the port is the user. The port may have been the kernel's choice.
fn warn(socket: &std::net::TcpListener) -> io::Result<()> {
    let address = socket.local_addr()?;
    let text = format!(
        "WARN: every user and program that reaches {address} can do what you can; a socket of your own (unix:PATH) is \
         safer\n"
    );
    io::stderr().write_all(text.as_bytes())
}
