//! The program of every day.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main("podling", "Run containers without root and without a daemon", &podling::commands())
}
