//! `rootfs run --rootfs DIR COMMAND`.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main(
        "rootfs",
        "A program in a file system of its own",
        &[process::commands(), namespaces::commands(), rootfs::commands()],
    )
}
