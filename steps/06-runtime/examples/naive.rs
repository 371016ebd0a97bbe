//! A runtime the way everybody would write it at first: it takes what it knows from the document, and leaves out the
//! rest. A program runs, so it seems to work. Nobody is told that the walls which the document asks for are missing.
//!
//! ```text
//! cargo run -p runtime --example runtime-naive -- DIR
//! ```
//!
//! DIR is a bundle. `runtime run --bundle DIR ID` does with it what it says, or refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use namespaces::Namespaces;
use process::{Error, Program, Result, Stdio};
use rootfs::Rootfs;
use serde::Deserialize;

// ANCHOR: naive
/// What we know of the document. serde leaves out what has no field here.
#[derive(Deserialize)]
struct Document {
    process: Process,
    root: Root,
}

#[derive(Deserialize)]
struct Process {
    args: Vec<String>,
    env: Vec<String>,
}

#[derive(Deserialize)]
struct Root {
    path: PathBuf,
}

fn run(bundle: &Path) -> Result<u8> {
    let path = bundle.join("config.json");
    let text = fs::read(&path).map_err(|error| Error::os(format!("read {}", path.display()), error))?;
    let document: Document =
        serde_json::from_slice(&text).map_err(|error| Error::because(format!("parse {}", path.display()), error))?;
    let env = document.process.env.into_iter().map(Into::into).collect();
    let program = Program { env: Some(env), ..Program::new(document.process.args) };
    let rootfs = Rootfs::new(bundle.join(document.root.path), false);
    Namespaces::container(true)?.run(&program, Stdio { terminal: false, interactive: true }, &rootfs)
}
// ANCHOR_END: naive

fn main() -> ExitCode {
    let Some(bundle) = std::env::args_os().nth(1) else {
        eprintln!("Usage: runtime-naive DIR");
        return ExitCode::from(125);
    };
    match run(Path::new(&bundle)) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.status())
        }
    }
}
