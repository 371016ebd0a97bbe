//! A program whose working directory is outside of its root, as a descriptor that leaked would let it choose
//! (CVE-2024-21626): `outside ROOT DIRECTORY COMMAND...`; DIRECTORY "" is not looked at, as before the defence.

use std::env;
use std::process::ExitCode;

use namespaces::Namespaces;
use process::{Error, Program, Result, Setup, Stdio};

/// Changes the root, and not the directory.
struct Root(String);

impl Setup for Root {
    fn setup(&self) -> Result<()> {
        nix::unistd::chroot(self.0.as_str()).map_err(|errno| Error::os(format!("change the root to {}", self.0), errno))
    }
}

fn run() -> Result<u8> {
    let args: Vec<String> = env::args().collect();
    let [_, root, directory, command @ ..] = args.as_slice() else { return Ok(2) };
    let cwd = (!directory.is_empty()).then(|| directory.into());
    let program = Program { cwd, ..Program::new(command) };
    Namespaces::storage()?.run(&program, Stdio { terminal: false, interactive: false }, &Root(root.clone()))
}

fn main() -> ExitCode {
    match run() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.status())
        }
    }
}
