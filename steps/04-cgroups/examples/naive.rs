//! Limits the way everybody would set them at first: setrlimit(2). The one of memory holds every process for itself: what
//! they use together it does not see, nor the memory that belongs to no process. The one of processes counts those of one
//! user, and a container has many.
//!
//! ```text
//! cargo run -p cgroups --example cgroups-naive -- MIB PROCESSES DIR COMMAND...
//! ```

use std::path::PathBuf;
use std::process::ExitCode;

use namespaces::Namespaces;
use nix::sys::resource::{Resource, setrlimit};
use process::{Error, Program, Result, Setup, Stdio};
use rootfs::Rootfs;

struct Limits {
    /// Mebibytes of memory.
    memory: u64,
    processes: u64,
}

// ANCHOR: naive
impl Setup for Limits {
    fn setup(&self) -> Result<()> {
        for (resource, most) in [(Resource::RLIMIT_AS, self.memory << 20), (Resource::RLIMIT_NPROC, self.processes)] {
            setrlimit(resource, most, most)
                .map_err(|errno| Error::os(format!("limit {resource:?} to {most}"), errno))?;
        }
        Ok(())
    }
}
// ANCHOR_END: naive

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let mut number = || arguments.next().and_then(|text| text.to_str()?.parse().ok());
    let (memory, processes) = (number(), number());
    let (Some(memory), Some(processes), Some(root)) = (memory, processes, arguments.next().map(PathBuf::from)) else {
        eprintln!("Usage: cgroups-naive MIB PROCESSES DIR COMMAND...");
        return ExitCode::from(125);
    };
    let program = Program::new(arguments);
    let done = run(&program, &(Rootfs::new(root, false), Limits { memory, processes }));
    done.map_or_else(
        |error| {
            eprintln!("Error: {error}");
            ExitCode::from(error.status())
        },
        ExitCode::from,
    )
}

fn run(program: &Program, setup: &dyn Setup) -> Result<u8> {
    Namespaces::container(true)?.run(program, Stdio { terminal: false, interactive: true }, setup)
}
