//! Names that become parts of paths, and what an image says that is only the caller's to say.

mod common;

use common::cage::Cage;
use support::image::BUSYBOX;
use support::observe;

/// Whatever is asked for by a name that is none, nothing is made, changed or removed by it.
#[test]
fn a_name_is_no_path() {
    let cage = Cage::new();
    let (long, longer) = ("x".repeat(256), "x".repeat(5000));
    cage.typed(&["run", "-d", "--network=none", "--name=up", BUSYBOX, "sleep", "1000"]);
    cage.typed(&["volume", "create", "kept"]);
    let state =
        || ["containers", "container-names", "running", "volumes", "volume-names"].map(|dir| cage.podling.entries(dir));
    let before = state();
    let canary = format!("../../../canary/{}", "secret");
    for name in ["../x", "a/b", "/x", ".", "..", "", "*", "?p", "u*", "a\n", "a b", "é", &long, &longer, &canary] {
        for words in [
            &["create", "--name", name, BUSYBOX][..],
            &["run", "--name", name, "--network=none", BUSYBOX, "true"],
            &["rename", "up", name],
            &["start", name],
            &["stop", "-t", "0", name],
            &["kill", name],
            &["restart", name],
            &["inspect", name],
            &["logs", name],
            &["exec", name, "true"],
            &["attach", name],
            &["wait", name],
            &["pause", name],
            &["rm", name],
            &["rmi", name],
            &["volume", "rm", name],
            &["volume", "inspect", name],
        ] {
            // An empty one is none: an engine's own is chosen.
            if name.is_empty() && words.contains(&"--name") {
                continue;
            }
            let said = cage.typed(words);
            assert!(said.contains("Error: ") && said.contains("[exit "), "{words:?}: {said}");
        }
        // To remove what is not there is no error, but it must not be more.
        cage.typed(&["rm", "-f", "-t", "0", name]);
        if !name.is_empty() {
            let said = cage.typed(&["volume", "create", name]);
            assert!(said.starts_with("Error: "), "{name}: {said}");
        }
        assert_eq!(before, state(), "{name:?}");
    }
    assert!(cage.typed(&["ps", "--format", "{{.Names}}"]).contains("up"));
    cage.typed(&["rm", "-f", "-t", "0", "up"]);
}

/// CVE-2025-23266 and the annotations that other engines heed: an image's environment and labels are for its program, and for
/// nobody who is started for it.
#[test]
fn an_images_environment_and_labels_reach_nobody_else() {
    let cage = Cage::new();
    let config = r#""Env":["LD_PRELOAD=/evil.so","PATH=/evil","_PODLING_ROOTLESS_UID=0","XDG_RUNTIME_DIR=/evil","HOME=/evil"],
        "Labels":{"io.podman.annotations.privileged":"TRUE","run.oci.keep_original_groups":"1","io.podman.annotations.seccomp":
        "unconfined","org.systemd.property.ExecStart":"/evil","run.oci.hooks.stderr":"/evil"}"#;
    let image = cage.image("says", config, |_, _| ());
    // With a network, for which another program is started.
    let cat = cage.podling.cat(&["--name=plain"]);
    let up = cage.typed(&["run", "-d", "--name=up", "--init", &image, "/bin/sleep", "4731"]);
    assert_eq!(up.trim().len(), 64, "{up}");
    let pid = observe::await_some("the program", || {
        observe::processes().find(|pid| observe::cmdline(*pid) == ["/bin/sleep", "4731"])
    });
    let environ =
        |pid: u32| String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/environ")).unwrap()).into_owned();
    assert!(environ(pid).contains("LD_PRELOAD=/evil.so"), "it has them itself");
    let root = cage.podling.world.root();
    for other in observe::processes_of(root) {
        assert!(!environ(other).contains("/evil"), "{:?}", observe::cmdline(other));
    }
    let (status, plain) = (observe::status(pid), observe::status(cat.pid));
    for field in ["CapEff", "CapBnd", "Seccomp", "Groups"] {
        assert_eq!(status[field], plain[field], "{field}");
    }
    cat.end();
    cage.typed(&["rm", "-f", "-t", "0", "up"]);
}
