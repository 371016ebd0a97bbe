//! `cgroups run --rootfs DIR --memory SIZE COMMAND`.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main(
        "cgroups",
        "A program within limits",
        &[process::commands(), namespaces::commands(), rootfs::commands(), cgroups::commands()],
    )
}
