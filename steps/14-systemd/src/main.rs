//! The program of step 14.

use std::process::ExitCode;

fn main() -> ExitCode {
    if systemd::is_generator() {
        return ExitCode::from(systemd::quadlet::generator::main(std::env::args_os()));
    }
    let commands = [images::commands(), registry::commands(), engine::commands(), systemd::commands()];
    process::command::main("systemd", "starts at boot, restarts, updates", &commands)
}
