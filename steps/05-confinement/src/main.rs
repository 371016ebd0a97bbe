//! `confinement run --rootfs DIR COMMAND`.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main(
        "confinement",
        "A confined program",
        &[process::commands(), namespaces::commands(), rootfs::commands(), confinement::commands()],
    )
}
