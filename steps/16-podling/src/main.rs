//! The program of every day.

use std::process::ExitCode;

fn main() -> ExitCode {
    // systemd starts its generators by their names, and knows no verbs.
    if systemd::is_generator() {
        return ExitCode::from(systemd::quadlet::generator::main(std::env::args_os()));
    }
    process::command::framed(&podling::Podling, podling::NAME, podling::ABOUT, &podling::commands())
}
