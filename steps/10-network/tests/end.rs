//! The end: however it comes, nothing runs on and the ports are free.

mod container;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use container::{Container, free_port};
use support::World;
use support::observe::{await_end, await_some, children, descendants, kill, processes_of};

/// How long until the port can be had again.
fn until_free(port: u16) -> Duration {
    let start = Instant::now();
    await_some("the port to be free", || TcpListener::bind(("0.0.0.0", port)).ok());
    start.elapsed()
}

fn published() -> (Container, u16) {
    let port = free_port();
    let container = Container::start(&["-p", &format!("{port}:80")]);
    assert!(TcpListener::bind(("0.0.0.0", port)).is_err(), "pasta listens");
    (container, port)
}

#[test]
fn when_the_program_ends() {
    let (mut container, port) = published();
    let pasta = container.pasta();
    kill(container.pid, 9);
    assert_eq!(container.child.wait().unwrap().code(), Some(137));
    // Already: the one who started it has waited for its end.
    TcpListener::bind(("0.0.0.0", port)).unwrap();
    await_end(pasta);
}

#[test]
fn when_the_one_who_started_it_is_killed() {
    let (container, port) = published();
    let pasta = container.pasta();
    let monitor = children(container.child.id())[0];
    kill(monitor, 9);
    // Far below the second after which pasta would see by itself that the namespace is gone.
    let took = until_free(port);
    assert!(took < Duration::from_millis(900), "{took:?}");
    await_end(pasta);
    await_end(container.pid);
}

#[test]
fn when_the_first_one_is_killed() {
    let (container, port) = published();
    let all = descendants(container.child.id());
    kill(container.child.id(), 9);
    all.into_iter().for_each(await_end);
    TcpListener::bind(("0.0.0.0", port)).unwrap();
}

#[test]
fn when_pasta_ends_the_container_goes_on() {
    let (mut container, _) = published();
    let pasta = container.pasta();
    kill(pasta, 9);
    await_end(pasta);
    assert!(support::observe::runs(container.pid));
    kill(container.pid, 9);
    assert_eq!(container.child.wait().unwrap().code(), Some(137));
}

/// Twenty starts that fail at a port, and none leaves anything.
#[test]
fn a_failure_leaves_nothing() {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for _ in 0..20 {
        let mut command = world.command("network");
        command.args(["run", "--rootfs"]).arg(&rootfs).args(["-p", &format!("{port}:80"), "true"]);
        command.assert().code(126);
    }
    assert_eq!(processes_of(world.root()), Vec::<u32>::new());
}
