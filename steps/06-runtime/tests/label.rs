//! Labels of SELinux in a document, where a policy is enforced.

use support::lab::{Lab, Output, Who};

/// Runs a bundle whose document jq(1) has changed. Its root has a file where a procfs would have another one.
fn run(change: &str) -> Output {
    Lab::enforcing().run(
        Who::Tester,
        &format!(
            r#"
            directory=$(mktemp -d) && cd "$directory" && trap 'cd; rm -rf "$directory"' EXIT
            mkdir -p rootfs/{{bin,dev,sys,proc/thread-self/attr}} && touch rootfs/proc/thread-self/attr/exec
            cp /bin/busybox rootfs/bin/ && for name in sh cat; do ln -s busybox rootfs/bin/$name; done
            chcon -R -t container_file_t rootfs
            /podling/target/debug/runtime spec
            jq '.process.terminal = false | .process.args = ["cat", "/proc/self/attr/current"]
                | .root.readonly = false | .process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"
                | .linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2" | {change}' config.json >changed
            mv changed config.json
            /podling/target/debug/runtime run box-$$"#
        ),
    )
}

#[test]
fn a_document_says_how_the_program_is_called() {
    let output = run(".");
    assert_eq!(output.stdout.trim_end_matches('\0'), "system_u:system_r:container_t:s0:c1,c2", "{output:?}");
}

/// CVE-2019-16884: the label went into a file of the image, and the program ran without one.
#[test]
fn a_label_is_not_written_to_what_is_no_procfs() {
    let output = run(".mounts = []");
    assert_ne!(output.status, 0);
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("/proc in the container is not a procfs"), "{output:?}");
    // The same document without a label runs: it is the label that stops it.
    let output = run(r#".mounts = [] | del(.process.selinuxLabel) | .process.args = ["sh", "-c", "echo runs"]"#);
    assert_eq!((output.status, output.stdout.as_str()), (0, "runs\n"), "{output:?}");
}
