//! `runtime spec`, `runtime run --bundle DIR ID`.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main("runtime", "An OCI runtime", &[runtime::commands()])
}
