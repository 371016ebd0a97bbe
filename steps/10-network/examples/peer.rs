//! One end of a conversation, for the tests: it says who talks to it, or prints what it is told.
//!
//! ```text
//! network-peer listen-tcp|listen-udp|ask-tcp|ask-udp ADDRESS:PORT
//! network-peer listen-abstract|ask-abstract NAME
//! ```

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

fn ready() -> io::Result<()> {
    println!("ready");
    io::stdout().flush()
}

fn listen_tcp(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    ready()?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        // Whoever asked may be gone already.
        if stream.read(&mut [0; 16]).is_ok() {
            let _ = writeln!(stream, "tcp from {}", stream.peer_addr()?.ip());
            // The one who asked hangs up: a pasta of 2023 loses words that are followed by the end at once.
            let _ = stream.read(&mut [0; 16]);
        }
    }
    Ok(())
}

fn listen_udp(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind(address)?;
    ready()?;
    loop {
        let (_, from) = socket.recv_from(&mut [0; 16])?;
        socket.send_to(format!("udp from {}\n", from.ip()).as_bytes(), from)?;
    }
}

fn ask_tcp(address: &str) -> io::Result<()> {
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"?\n")?;
    let mut told = String::new();
    BufReader::new(stream).read_line(&mut told)?;
    print!("{told}");
    Ok(())
}

fn ask_udp(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(address)?;
    socket.send(b"?")?;
    let mut told = [0; 64];
    let length = socket.recv(&mut told)?;
    print!("{}", String::from_utf8_lossy(&told[..length]));
    Ok(())
}

fn listen_abstract(name: &str) -> io::Result<()> {
    let listener = UnixListener::bind_addr(&UnixAddr::from_abstract_name(name)?)?;
    ready()?;
    for stream in listener.incoming() {
        writeln!(stream?, "a socket without a path")?;
    }
    Ok(())
}

fn ask_abstract(name: &str) -> io::Result<()> {
    let mut told = String::new();
    UnixStream::connect_addr(&UnixAddr::from_abstract_name(name)?)?.read_to_string(&mut told)?;
    print!("{told}");
    Ok(())
}

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "listen-tcp", address] => listen_tcp(address),
        [_, "listen-udp", address] => listen_udp(address),
        [_, "ask-tcp", address] => ask_tcp(address),
        [_, "ask-udp", address] => ask_udp(address),
        [_, "listen-abstract", name] => listen_abstract(name),
        [_, "ask-abstract", name] => ask_abstract(name),
        _ => Err(io::Error::other("usage: see the source")),
    }
}
