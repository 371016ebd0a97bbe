//! The obvious way: a thread for each connection calls the command line and sends back what it prints. Whoever reaches
//! the port is answered, also a page in the user's browser; and what a client names becomes a flag.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

/// `rest-naive ADDRESS PROGRAM`.
fn main() -> io::Result<()> {
    let mut words = std::env::args().skip(1);
    let (address, program) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let listener = TcpListener::bind(address)?;
    println!("{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, program) = (stream?, program.clone());
        std::thread::spawn(move || answer(stream, &program));
    }
    Ok(())
}

// ANCHOR: answer
fn answer(mut stream: TcpStream, program: &str) -> io::Result<()> {
    let mut request = String::new();
    BufReader::new(stream.try_clone()?).read_line(&mut request)?;
    let path = request.split(' ').nth(1).unwrap_or_default();
    let mut command = Command::new(program);
    match path.split_once("?image=") {
        Some(("/containers/create", image)) => command.arg("create").arg(image),
        _ => command.arg("ps"),
    };
    let output = command.output()?;
    let text = [output.stdout, output.stderr].concat();
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", text.len())?;
    stream.write_all(&text)
}
// ANCHOR_END: answer
