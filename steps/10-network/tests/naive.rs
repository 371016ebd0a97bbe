//! The naive network, and this step's in its place.

mod container;

use container::{Peer, free_port};
use insta::assert_snapshot;
use support::{World, settings};

#[test]
fn what_the_naive_network_opens() {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let name = format!("podling-test-naive-{port}");
    let _server = Peer::on_host(&world, &["listen-tcp", &address]).ready();
    let _abstract = Peer::on_host(&world, &["listen-abstract", &name]).ready();
    let script = format!(
        "echo | nc 127.0.0.1 {port}; grep -q @{name} /proc/net/unix && echo 'sockets without a path: seen'; exit 0"
    );
    let shown = |program: &str, args: &[&str]| {
        let mut command = world.command(program);
        command.args(args).arg(&rootfs).args(["sh", "-c", &script]);
        let output = command.output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let screen = format!(
        "$ network-naive rootfs sh -c ...\n{}$ network run --rootfs rootfs sh -c ...\n{}",
        shown("network-naive", &[]),
        shown("network", &["run", "--rootfs"]),
    );
    settings().bind(|| assert_snapshot!("naive", screen));
}
