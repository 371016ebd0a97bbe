//! The naive wall, and this step's in its place.

use insta::assert_snapshot;
use support::{World, settings};

fn attempts(wall: &[&str]) -> String {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    let output = world.command("confinement-naive").args(wall).arg(rootfs).arg("true").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_ordinary_user_becomes_root_again() {
    settings().bind(|| assert_snapshot!("naive", attempts(&[])));
}

#[test]
fn a_confined_user_does_not() {
    settings().bind(|| assert_snapshot!("confined", attempts(&["--confine"])));
}
