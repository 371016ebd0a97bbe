//! An engine the way everybody would write it at first: the image's files are a directory already, so the container
//! runs in it. It works, once. What a program writes is in the image then: the next container finds it, and so does
//! everybody's after that. And nobody knows that a container ran, nor can say its name.
//!
//! ```text
//! cargo run -p engine --example engine-naive -- IMAGE COMMAND...
//! ```

use std::process::ExitCode;

use images::{Store, default_root};
use namespaces::Namespaces;
use process::{Error, Program, Result, Stdio};
use rootfs::Rootfs;

// ANCHOR: naive
fn run(image: &str, command: Vec<String>) -> Result<u8> {
    let store = Store::open(&default_root()?)?;
    let image = store.find(image)?;
    let directory = store.layer_dirs(&image).into_iter().next();
    let directory = directory.ok_or_else(|| Error::new("the image is empty"))?;
    let env = image.config.env.iter().map(Into::into).collect();
    let program = Program { env: Some(env), ..Program::new(command) };
    let rootfs = Rootfs::new(directory, false);
    Namespaces::container(true)?.run(&program, Stdio { terminal: false, interactive: true }, &rootfs)
}
// ANCHOR_END: naive

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(image), command) = (args.next(), args.collect()) else {
        eprintln!("Usage: engine-naive IMAGE COMMAND...");
        return ExitCode::from(125);
    };
    match run(&image, command) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.status())
        }
    }
}
