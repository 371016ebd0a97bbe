//! A program in the background the way everybody would do it at first: it gets a session of its own, so that the hang-up
//! of the terminal does not reach it, and then we go. It works, as long as it is silent. Its output still leads to where
//! we were started from, and the first word after that is gone kills it. And nobody is its parent who would know why.
//!
//! ```text
//! cargo run -p monitor --example monitor-naive -- COMMAND...
//! ```

use std::process::ExitCode;

use process::{Program, Result, Start};

// ANCHOR: naive
fn run(command: Vec<String>) -> Result<()> {
    let program = Program::new(command);
    let start = Start { lives_on: true, ..Start::new(&program, &()) };
    let child = start.start()?;
    println!("{}", child.pid());
    child.leave();
    Ok(())
}
// ANCHOR_END: naive

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.status())
        }
    }
}
