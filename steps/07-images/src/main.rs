//! `images load -i FILE`, `images images`.

use std::process::ExitCode;

fn main() -> ExitCode {
    process::command::main("images", "A container that starts from an image", &[images::commands()])
}
