//! The program of step 10.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main("network", "a container that talks", &[network::commands()])
}
