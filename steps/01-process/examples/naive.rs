//! The obvious way to run a program: start it, wait for it. What is wrong with it shows when somebody kills it.

use std::env;
use std::process::{Command, ExitCode};

// ANCHOR: naive
fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let Some(program) = args.next() else {
        eprintln!("usage: process-naive COMMAND [ARG...]");
        return ExitCode::from(2);
    };
    // fork and exec. The program inherits all that we have: terminal, session, descriptors.
    let mut child = match Command::new(&program).args(args).spawn() {
        Ok(child) => child,
        Err(error) => {
            // Not found, or not to be executed? Our caller sees 1, as when the program itself had failed.
            eprintln!("{}: {error}", program.display());
            return ExitCode::FAILURE;
        }
    };
    eprintln!("started process {}", child.id());
    // While we wait, a signal ends us and not the program, and nobody waits for it any more.
    match child.wait() {
        // Ended by a signal: there is no code.
        Ok(status) => ExitCode::from(status.code().unwrap_or(1) as u8),
        Err(error) => {
            eprintln!("wait: {error}");
            ExitCode::FAILURE
        }
    }
}
// ANCHOR_END: naive
