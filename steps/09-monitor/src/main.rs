//! `monitor run -d --bundle DIR ID`.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main(
        "monitor",
        "Containers that outlive the terminal",
        &[runtime::commands(), monitor::commands()],
    )
}
