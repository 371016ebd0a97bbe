//! `process run COMMAND`.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main("process", "A program that is looked after", &[process::commands()])
}
