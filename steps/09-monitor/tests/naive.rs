//! What the obvious way does not do.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use support::World;
use support::observe::await_some;

/// The program writes a word when we are gone, and then makes a file. Returns whether it lived to make it.
fn lives(world: &World, command: &mut std::process::Command) -> bool {
    let file = world.root().join("tmp/made");
    let script = format!(
        "while [ ! -e {0}/tmp/go ]; do sleep 0.02; done; echo word; echo made >{0}/tmp/made",
        world.root().display()
    );
    let mut child = command.args(["sh", "-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let pid: u32 = line.trim().parse().unwrap();
    assert!(child.wait().unwrap().success());
    world.write(world.root().join("tmp/go"), "");
    await_some("its end", || (!support::observe::runs(pid)).then_some(()));
    file.exists()
}

#[test]
fn its_first_word_kills_it() {
    let world = World::new();
    assert!(!lives(&world, &mut world.process("monitor-naive")), "nobody reads what it writes");
}
