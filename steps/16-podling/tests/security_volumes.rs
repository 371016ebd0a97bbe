//! Parts of volumes and images, whose content is a container's: what is a link in there leads nowhere outside.

mod common;

use common::cage::{Cage, Swap, link};
use support::image::BUSYBOX;

#[test]
fn a_part_of_a_volume_is_in_the_volume() {
    let cage = Cage::new();
    let canary = cage.canary.display().to_string();
    let script = format!(
        "mkdir /v/dir; echo mine >/v/dir/secret; ln -s {canary} /v/link; ln -s ../../../../../canary /v/up; \
         ln -s /proc/self/root{canary} /v/dir/root; ln -s /proc/self/cwd /v/cwd; ln -s dir /v/good"
    );
    cage.typed(&["run", "--rm", "--network=none", "-v", "data:/v", BUSYBOX, "sh", "-c", &script]);
    let image = cage.image("parts", "", |dir, canary| {
        link(canary, &dir.join("link"));
        link("../../../../../../canary", &dir.join("up"));
    });
    let mount = |kind: &str, source: &str, part: &str| {
        let mount = format!("--mount=type={kind},src={source},dst=/m,subpath={part}");
        let look =
            "cat /m/secret /m/directory/hosts; ls /m; echo x >/m/new; grep -o ' /m .*' /proc/self/mountinfo | wc -l";
        cage.typed(&["run", "--rm", "--network=none", &mount, BUSYBOX, "sh", "-c", look])
    };
    for part in
        ["link", "link/directory", "link/secret", "up", "../..", "../../../canary", "dir/root", "cwd", "/link", &canary]
    {
        for (kind, source) in [("volume", "data"), ("image", &image)] {
            let said = mount(kind, source, part);
            // Where `..` ends is the volume itself, which has no such files.
            assert!(said.contains("Error: ") || said.contains("can't open '/m/secret'"), "{kind} {part}: {said}");
        }
    }
    assert!(mount("volume", "data", "good").starts_with("mine\n"));
    // Another container exchanges the part for a link meanwhile.
    let data = cage.podling.world.data().join("podling/volumes/data/_data");
    let swap = Swap::start(data.join("dir"), data.join("link"));
    for _ in 0..25 {
        let said = mount("volume", "data", "dir");
        assert!(said.contains("Error: ") || said.starts_with("mine\n"), "{said}");
    }
    drop(swap);
}

/// What is written over a directory of the caller's that is the lower part of an overlay is gone with the container.
#[test]
fn an_overlay_leaves_what_is_below_as_it_was() {
    let cage = Cage::new();
    let volume = format!("{}:/m:O", cage.canary.display());
    let script = "echo x >/m/secret; rm -r /m/directory; chmod 777 /m; chown 5:5 /m/passwd; ln -s x /m/y; ls /m";
    let said = cage.typed(&["run", "--rm", "--network=none", "-v", &volume, BUSYBOX, "sh", "-c", script]);
    assert_eq!(said, "passwd\nsecret\ny\n");
}
