//! A program whose clocks are not the host's: `clocks MONOTONIC BOOTTIME COMMAND...`, in seconds.

use std::process::ExitCode;

use namespaces::clocks::{Clocks, Offset};
use namespaces::reexec_as_root;
use process::{Error, Program, Result, Start, Stdio};

fn run() -> Result<u8> {
    // The clocks of the host are root's alone; a namespace of them takes a user namespace.
    if let Some(status) = reexec_as_root()? {
        return Ok(status);
    }
    let args: Vec<String> = std::env::args().collect();
    let [_, monotonic, boottime, command @ ..] = args.as_slice() else { return Ok(2) };
    let offset = |text: &String| {
        let seconds = text.parse().map_err(|_| Error::new(format!("{text:?} is no number of seconds")))?;
        Ok(Offset { seconds, nanoseconds: 0 })
    };
    let clocks = Clocks { monotonic: offset(monotonic)?, boottime: offset(boottime)? };
    let program = Program::new(command);
    Stdio { terminal: false, interactive: true }.run(&Start { through: Some(&clocks), ..Start::new(&program, &()) })
}

fn main() -> ExitCode {
    match run() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.status())
        }
    }
}
