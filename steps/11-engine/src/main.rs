//! `engine run IMAGE`.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main("engine", "Containers from images", &[images::commands(), engine::commands()])
}
