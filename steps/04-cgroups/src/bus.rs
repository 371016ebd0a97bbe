//! A connection to D-Bus, as much of it as a question to systemd takes: no thread, no event loop, one answer after the
//! other.

use std::env;
use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::Duration;

use process::{Error, Result, code};
use serde::{Serialize, de::DeserializeOwned};
use zvariant::{DynamicType, OwnedObjectPath, Type};

use crate::message::{self, ANSWER, ERROR, ERROR_NAME, MEMBER, Message, SIGNAL};

/// systemd answers in milliseconds, unless the machine is very busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// A method of an object.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Whose: a bus name.
    pub destination: &'a str,
    /// The object.
    pub path: &'a str,
    /// The interface.
    pub interface: &'a str,
    /// The method.
    pub member: &'a str,
}

/// The bus itself.
const BUS: Call<'static> = Call {
    destination: "org.freedesktop.DBus",
    path: "/org/freedesktop/DBus",
    interface: "org.freedesktop.DBus",
    member: "Hello",
};

/// A connection.
pub struct Bus {
    stream: UnixStream,
    serial: u32,
    /// Signals that came while we waited for an answer.
    signals: Vec<Message>,
    /// The name of the last error that was answered.
    refused: Option<String>,
}

impl Bus {
    /// The one of the systemd whose units are ours: the caller's own, the system's for root.
    ///
    /// # Errors
    /// When there is none, or it does not let us in.
    pub fn ours() -> Result<Bus> {
        match namespaces::itself::caller() {
            0 => Bus::system(),
            user => Bus::user(user),
        }
    }

    /// The bus of a user's own systemd.
    ///
    /// # Errors
    /// When there is none, or it does not let us in.
    pub fn user(uid: u32) -> Result<Bus> {
        let runtime = env::var("XDG_RUNTIME_DIR").ok();
        let session = env::var("DBUS_SESSION_BUS_ADDRESS").ok();
        let places = [
            session,
            runtime.map(|dir| format!("unix:path={dir}/bus")),
            Some(format!("unix:path=/run/user/{uid}/bus")),
        ];
        connect_any(uid, places.into_iter().flatten())
    }

    /// The system's bus.
    ///
    /// # Errors
    /// When there is none, or it does not let us in.
    pub fn system() -> Result<Bus> {
        connect_any(0, ["unix:path=/run/dbus/system_bus_socket".to_owned()])
    }

    /// How long to wait for an answer, instead of 20 seconds: a job of systemd's may take its time.
    ///
    /// # Errors
    /// When the kernel does not take it.
    pub fn set_patience(&mut self, patience: Duration) -> Result<()> {
        let failed = |error| Error::os("set how long to wait for systemd", error);
        self.stream.set_read_timeout(Some(patience)).map_err(failed)
    }

    /// Calls a method and waits for its answer.
    ///
    /// # Errors
    /// The other side's words.
    // ANCHOR: call
    pub fn call<B: Serialize + DynamicType, R: DeserializeOwned + Type>(
        &mut self,
        call: &Call<'_>,
        body: &B,
    ) -> Result<R> {
        let failed = |error: &dyn std::fmt::Display| {
            Error::because(format!("call {} of systemd", call.member), error).code(code::NO_SYSTEMD)
        };
        let serial = self.send(call, body).map_err(|error| failed(&error))?;
        loop {
            let message = self.receive().map_err(|error| failed(&error))?;
            match message.kind {
                SIGNAL => self.signals.push(message),
                ANSWER if message.answers(serial) => return message.read().map_err(|error| failed(&error)),
                ERROR if message.answers(serial) => {
                    self.refused = message.text(ERROR_NAME);
                    return Err(failed(&message.error()));
                }
                _ => {}
            }
        }
    }
    // ANCHOR_END: call

    /// Whether the last error was of this name.
    pub(crate) fn has_refused_by(&self, name: &str) -> bool {
        self.refused.as_deref() == Some(name)
    }

    /// Waits until systemd has done a job; it tells who started it.
    ///
    /// # Errors
    /// When the job failed.
    pub fn wait_for_job(&mut self, manager: &Call<'_>, job: &OwnedObjectPath) -> Result<()> {
        let failed = |error: &dyn std::fmt::Display| {
            Error::because(format!("wait for {} of systemd", manager.member), error).code(code::NO_SYSTEMD)
        };
        loop {
            let message = match self.signals.pop() {
                Some(message) => message,
                None => self.receive().map_err(|error| failed(&error))?,
            };
            if message.kind != SIGNAL || message.text(MEMBER).as_deref() != Some("JobRemoved") {
                continue;
            }
            let (_, path, _, result): (u32, OwnedObjectPath, String, String) =
                message.read().map_err(|error| failed(&error))?;
            if path == *job {
                return if result == "done" { Ok(()) } else { Err(failed(&format!("the job is {result}"))) };
            }
        }
    }

    fn send<B: Serialize + DynamicType>(&mut self, call: &Call<'_>, body: &B) -> Result<u32, zvariant::Error> {
        self.serial += 1;
        self.stream.write_all(&message::call(call, self.serial, body)?)?;
        Ok(self.serial)
    }

    fn receive(&mut self) -> Result<Message, zvariant::Error> {
        Message::receive(&mut self.stream)
    }
}

/// The first of these addresses that answers.
fn connect_any(uid: u32, addresses: impl IntoIterator<Item = String>) -> Result<Bus> {
    let mut first = None;
    for address in addresses {
        match connect(uid, &address) {
            Ok(bus) => return Ok(bus),
            Err(error) => first = first.or(Some(Error::os(format!("connect to {address}"), error))),
        }
    }
    Err(first.unwrap_or_else(|| Error::new("there is no D-Bus").code(code::NO_SYSTEMD)))
}

// ANCHOR: connect
fn connect(uid: u32, address: &str) -> io::Result<Bus> {
    let mut stream = UnixStream::connect_addr(&socket(address)?)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Who we are outside of our user namespace: this is what the bus gets from the kernel, and compares.
    let name: String = uid.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut bus = Bus { stream: stream.try_clone()?, serial: 0, signals: Vec::new(), refused: None };
    // All at once, without waiting for each answer: a bus that agrees does not mind.
    let mut words = format!("\0AUTH EXTERNAL {name}\r\nBEGIN\r\n").into_bytes();
    let rule = "type='signal',sender='org.freedesktop.systemd1',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'";
    words.extend(message::call(&BUS, 1, &()).map_err(io::Error::other)?);
    words.extend(message::call(&Call { member: "AddMatch", ..BUS }, 2, &rule).map_err(io::Error::other)?);
    bus.serial = 2;
    stream.write_all(&words)?;
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    match line.starts_with(b"OK ") {
        true => Ok(bus),
        false => Err(io::Error::new(io::ErrorKind::PermissionDenied, "the bus does not let us in")),
    }
}
// ANCHOR_END: connect

/// `unix:path=PATH` or `unix:abstract=NAME`, perhaps with more words, perhaps one of several.
fn socket(address: &str) -> io::Result<SocketAddr> {
    let one = address.split(';').find_map(|one| one.strip_prefix("unix:"));
    for word in one.unwrap_or_default().split(',') {
        match word.split_once('=') {
            Some(("path", path)) => return SocketAddr::from_pathname(path),
            Some(("abstract", name)) => return SocketAddr::from_abstract_name(name),
            _ => {}
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not an address of a socket on this machine"))
}
