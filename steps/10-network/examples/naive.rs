//! A network the way everybody would do it at first: the container gets the host's. It talks, at once and fast, and its
//! ports are the host's without a further word. So is everything else: what listens on 127.0.0.1 and takes everybody
//! there for a friend, the sockets without a path, the list of all connections, and each port that is still free.
//!
//! ```text
//! cargo run -p network --example network-naive -- DIR COMMAND...
//! ```

use std::process::ExitCode;

use namespaces::Namespaces;
use process::{Error, Program, Result, Stdio};
use rootfs::Rootfs;

// ANCHOR: naive
fn run(root: &str, command: Vec<String>) -> Result<u8> {
    let own_network = false;
    let rootfs = Rootfs::new(root, !own_network);
    let stdio = Stdio { terminal: false, interactive: true };
    Namespaces::container(own_network)?.run(&Program::new(command), stdio, &rootfs)
}
// ANCHOR_END: naive

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let result = match (args.next(), args.collect::<Vec<_>>()) {
        (Some(root), command) if !command.is_empty() => run(&root, command),
        _ => Err(Error::new("usage: network-naive DIR COMMAND...")),
    };
    match result {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(error.status())
        }
    }
}
