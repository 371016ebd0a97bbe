//! No daemon puts commands in order, so they have to get along with each other.

mod common;

use std::process::{Command, Stdio};

use common::{Podling, text};
use support::image::BUSYBOX;
use support::{World, busybox_archive};

/// Starts all at once, and returns what each wrote.
fn all(commands: impl Iterator<Item = Command>) -> Vec<String> {
    let start = |mut command: Command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<_> = commands.map(start).collect();
    children.into_iter().map(|child| text(child.wait_with_output().unwrap())).collect()
}

fn command(world: &World, words: &[&str]) -> Command {
    let mut command = world.process("podling");
    command.args(words).stdin(Stdio::null());
    command
}

#[test]
fn the_first_runs_of_all() {
    // Each finds an empty store, and puts the same image into it.
    let world = World::new();
    let said = all((0..8).map(|_| command(&world, &["run", "--rm", "hello"])));
    for text in said {
        assert!(text.starts_with("Hello from podling!") && !text.contains("[exit"), "{text}");
    }
    Podling { world }.assert_clean();
}

#[test]
fn loads_and_runs() {
    let podling = Podling::new();
    let archive = busybox_archive(&podling.world);
    let said = all((0..16).map(|number| match number % 4 {
        0 => command(&podling.world, &["load", "-i", archive.to_str().unwrap()]),
        _ => command(&podling.world, &["run", "--rm", BUSYBOX, "echo", "ran"]),
    }));
    for (number, text) in said.into_iter().enumerate() {
        let wanted = if number % 4 == 0 { format!("Loaded image: {BUSYBOX}\n") } else { "ran\n".into() };
        assert_eq!(text, wanted);
    }
    podling.assert_clean();
}

#[test]
fn one_of_many_gets_the_name() {
    let podling = Podling::new();
    let words = ["run", "--name", "one", BUSYBOX, "echo", "ran"];
    let said = all((0..8).map(|_| command(&podling.world, &words)));
    assert_eq!(said.iter().filter(|text| *text == "ran\n").count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|text| text.contains("already in use")).count(), 7, "{said:?}");
    assert_eq!(podling.entries("containers").len(), 1);

    let said = all((0..4).map(|_| command(&podling.world, &["rm", "one"])));
    assert!(said.iter().any(|text| text == "one\n"), "{said:?}");
    podling.assert_clean();
}
