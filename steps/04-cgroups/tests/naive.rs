//! The naive limits hold each process for itself, no memory that belongs to none, and each of a container's users.

use support::{World, settings};

/// What the chapter's session tries, by the naive program and by the one of the step before.
#[test]
fn it_holds_one_process_and_not_what_they_have_together() {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    let rootfs = rootfs.to_str().unwrap();
    let tried = |runner: &[&str]| {
        let one = "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null && echo eaten";
        let together = "for n in 1 2 3; do head -c 20m /dev/zero >/dev/shm/$n; done; du -sm /dev/shm";
        // A fork bomb is this without a number and without an end.
        let forks = "for n in $(seq 40); do sleep 1 & done; echo all";
        let several = "for who in root user nobody; do
                           su -s /bin/sh $who -c 'for n in $(seq 12); do sleep 1 & done; echo all as $(id -un)'
                       done";
        [one, together, forks, several].map(|script| {
            let output = world.command(runner[0]).args(&runner[1..]).args(["sh", "-c", script]).output().unwrap();
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            format!("{text}status {}\n", output.status.code().unwrap_or(-1))
        })
    };
    let before = tried(&["rootfs", "run", "--rootfs", rootfs]).concat();
    let naive = tried(&["cgroups-naive", "32", "20", rootfs]).concat();
    settings().bind(|| insta::assert_snapshot!("naive", [before, naive].join("--\n")));
}
