//! The program of step 08.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main("registry", "images from elsewhere", &[images::commands(), registry::commands()])
}
