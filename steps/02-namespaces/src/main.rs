//! `namespaces run COMMAND`.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main(
        "namespaces",
        "A program in namespaces of its own",
        &[process::commands(), namespaces::commands()],
    )
}
