//! kill -9 while an image is loaded: there is the whole image or none, and the next command needs no mending.

mod common;

use std::process::Stdio;
use std::time::Instant;

use common::Podling;
use support::image::BUSYBOX;
use support::observe::{self, await_some, kill};
use support::{World, busybox_archive};

#[test]
fn killed_at_any_moment() {
    let world = World::new();
    let archive = busybox_archive(&world);
    let podling = Podling { world };
    let load = || {
        let mut command = podling.world.process("podling");
        command.args(["load", "-i"]).arg(&archive).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let empty = || {
        let store = podling.world.data().join("podling");
        std::process::Command::new("rm").arg("-rf").arg(store).status().unwrap();
    };
    let began = Instant::now();
    assert!(load().wait().unwrap().success());
    let life = began.elapsed();
    empty();
    let rounds = 20;
    for round in 0..rounds {
        let mut child = load();
        let moment = Instant::now() + life * round / rounds;
        while Instant::now() < moment && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        let victims = [vec![child.id()], observe::descendants(child.id())].concat();
        kill(victims[round as usize % victims.len()], 9);
        child.wait().unwrap();
        await_some("the end of all", || observe::processes_of(podling.world.root()).is_empty().then_some(()));
        let said = podling.run(&["--pull", "never"], &["echo", "whole"]);
        let listed = podling.shown(&["images", "-q"]);
        match said.contains("image not known") {
            true => assert_eq!(listed, "$ podling images -q\n\n", "round {round}"),
            false => assert!(said.ends_with("echo whole\nwhole\n\n"), "round {round}: {said}"),
        }
        podling.load(&archive);
        assert_eq!(podling.out(&[], &["echo", "again"]), "again\n", "round {round}");
        podling.assert_clean();
        podling.world.command("podling").args(["run", "--rm", BUSYBOX, "true"]).assert().success();
        if round % 2 == 0 {
            // The others begin with what is there.
            empty();
        }
    }
}
