//! `rest system service`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let commands = [images::commands(), engine::commands(), rest::commands()];
    process::command::main("rest", "Containers, over HTTP", &commands)
}
