//! The naive engine, and this step's in its place.

use insta::assert_snapshot;
use support::image::BUSYBOX;
use support::{World, busybox_archive, settings};

/// Two containers, one after the other; the first one takes its time to break things.
fn session(engine: &[&str]) -> String {
    let world = World::new();
    let archive = busybox_archive(&world);
    world.command("engine").args(["load", "-i"]).arg(archive).assert().success();
    let first = "echo 'the first was here' > /etc/motd; rm /bin/vi; echo done";
    let second = "cat /etc/motd; ls /bin/vi";
    let mut screen = String::new();
    for script in [first, second] {
        let output = world.command(engine[0]).args(&engine[1..]).args([BUSYBOX, "sh", "-c", script]).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        screen += &format!("$ {} busybox sh -c \"{script}\"\n{text}", engine.join(" "));
    }
    screen
}

#[test]
fn two_containers_of_one_image() {
    let screen = session(&["engine-naive"]) + "\n" + &session(&["engine", "run", "--rm"]);
    settings().bind(|| assert_snapshot!("naive", screen));
}
