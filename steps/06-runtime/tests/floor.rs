//! What the runtimes are measured against is a container, too.

use support::World;

#[test]
fn the_floor_is_a_container() {
    let world = World::new();
    let script = "cd /proc; echo $(id -u) $$ $(hostname) [0-9]* /dev/*; exit 3";
    let output = world.command("runtime-floor").arg(world.busybox_rootfs()).args(["/bin/sh", "-c", script]).output();
    let output = output.unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "0 1 floor 1 /dev/mqueue /dev/pts /dev/shm\n");
    assert_eq!((output.status.code(), output.stderr), (Some(3), Vec::new()));
}
