//! A service manager the way one writes it in an evening: start the program, wait until it ends, start it again. It works
//! for every program that stays. `run -d` does not stay: it returns when the container runs. So the manager sees a service
//! that has ended, starts it again, and fails, because it is there already. And when the container really ends, nobody sees
//! it. (A unit with `Type=simple`, and `nohup` in a crontab, do the same.)
//!
//! ```text
//! cargo run -p systemd --example systemd-naive -- PROGRAM ARGUMENTS...
//! ```

use std::process::{Command, ExitCode};

/// So that the reader gets the terminal back.
const STARTS: usize = 3;

// ANCHOR: naive
fn keep_up(program: &str, args: &[String]) -> std::io::Result<()> {
    for start in 1..=STARTS {
        println!("manager: start {start}");
        let status = Command::new(program).args(args).status()?;
        println!("manager: the service has ended, {status}");
    }
    println!("manager: giving up");
    Ok(())
}
// ANCHOR_END: naive

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(program), args) = (args.next(), args.collect::<Vec<_>>()) else {
        eprintln!("Usage: systemd-naive PROGRAM ARGUMENTS...");
        return ExitCode::from(125);
    };
    match keep_up(&program, &args) {
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("Error: {program}: {error}");
            ExitCode::from(127)
        }
    }
}
