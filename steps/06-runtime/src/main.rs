//! An OCI runtime: `runtime create ID`, `runtime start ID`, and so on.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::framed(&runtime::Flags, "runtime", "An OCI runtime", &[runtime::commands()])
}
