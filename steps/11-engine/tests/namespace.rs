//! The user's namespace: made once, joined from then on, made anew when whoever keeps it is killed.

use std::fs;
use std::process::{Child, Stdio};

use support::{World, busybox_archive, observe};

/// The processes that keep a namespace for this world: they have the lock as their standard input.
fn keepers(world: &World) -> Vec<u32> {
    let of_world = |pid: &u32| {
        let lock = fs::read_link(format!("/proc/{pid}/fd/0"));
        lock.is_ok_and(|path| path.starts_with(world.run()))
    };
    observe::processes().filter(|pid| observe::cmdline(*pid) == ["podling-pause"]).filter(of_world).collect()
}

fn load(world: &World) {
    world.command("engine").args(["load", "-i"]).arg(busybox_archive(world)).assert().success();
}

fn run(world: &World) -> assert_cmd::Command {
    let mut command = world.command("engine");
    command.args(["run", "--rm", "--network=none", "busybox", "true"]);
    command
}

fn begin(world: &World) -> Child {
    let mut command = world.process("engine");
    let command = command.args(["run", "--rm", "--network=none", "busybox", "true"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn the_second_command_joins_what_the_first_one_made() {
    let world = World::new();
    load(&world);
    let [keeper] = keepers(&world)[..] else { panic!("{:?}", keepers(&world)) };
    // Nothing of ours is in it, and it knows nothing of whoever began it.
    assert_eq!(fs::read(format!("/proc/{keeper}/environ")).unwrap(), b"");
    assert_eq!(observe::uid_map(keeper)[0][0], 0);
    assert_eq!(observe::own_namespaces(keeper), ["user"]);
    // Without newuidmap(1) no namespace with subordinate ids can be made, only joined.
    run(&world).env("PATH", "/nowhere").assert().success();
    assert_eq!(keepers(&world), [keeper]);

    let child = world.process("engine").args(["run", "--rm", "--network=none", "busybox", "sleep", "4259"]).spawn();
    let mut child = child.unwrap();
    let program = observe::await_some("the program", || {
        observe::processes().find(|pid| observe::cmdline(*pid) == ["sleep", "4259"])
    });
    assert_eq!(observe::namespace(program, "user"), observe::namespace(keeper, "user"));

    // Who is in it stays in it.
    observe::kill(keeper, 9);
    observe::await_end(keeper);
    run(&world).assert().success();
    let [second] = keepers(&world)[..] else { panic!("{:?}", keepers(&world)) };
    assert!(observe::runs(program) && second != keeper);
    world.command("engine").args(["system", "migrate"]).assert().success();
    child.wait().unwrap();
    observe::await_end(second);
    assert_eq!(keepers(&world), [0; 0]);
}

#[test]
fn a_service_shares_none() {
    let world = World::new();
    world
        .command("engine")
        .env("INVOCATION_ID", "1")
        .args(["load", "-i"])
        .arg(busybox_archive(&world))
        .assert()
        .success();
    run(&world).env("INVOCATION_ID", "1").assert().success();
    assert_eq!(keepers(&world), [0; 0]);
}

/// Where it cannot be written down who keeps it, each command has one of its own, and nobody is left.
#[test]
fn nowhere_to_write_it_down() {
    let world = World::new();
    // A directory that is in the way cannot be replaced by a file.
    world.dir("run/podling/namespace/x");
    load(&world);
    run(&world).assert().success();
    observe::await_some("no keeper", || keepers(&world).is_empty().then_some(()));
}

#[test]
fn many_at_once_make_one() {
    let world = World::new();
    load(&world);
    world.command("engine").args(["system", "migrate"]).assert().success();
    observe::await_some("the end of the first", || keepers(&world).is_empty().then_some(()));
    let children: Vec<Child> = (0..8).map(|_| begin(&world)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(keepers(&world).len(), 1);
}

/// Killed at any point of it, who makes the namespace leaves a process that keeps it and can be found, or none.
#[test]
fn a_killed_maker_leaves_nothing_that_nobody_knows() {
    let world = World::new();
    load(&world);
    for round in 0..24 {
        world.command("engine").args(["system", "migrate"]).assert().success();
        let mut child = begin(&world);
        std::thread::sleep(std::time::Duration::from_micros(400 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        // The first may join a namespace whose keeper is about to end, for it was never told to begin.
        observe::await_some("one keeper", || {
            run(&world).assert().success();
            (keepers(&world).len() == 1).then_some(())
        });
    }
}
