//! The naive runtime, and this step's in its place.

mod bundle;

use bundle::{Bundle, told};
use insta::assert_snapshot;
use serde_json::json;
use support::settings;

/// Asks for each wall whether it is there.
const SCRIPT: &str = "touch /file 2>/dev/null && echo 'root: written' || echo 'root: read-only'
    test $(hostname) = podling && echo 'host name: podling' || echo 'host name: not ours'
    grep -q . /proc/interrupts && echo 'interrupts: seen' || echo 'interrupts: masked'
    grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status
    mkdir /tmp/directory 2>/dev/null && echo 'mkdir: done' || echo 'mkdir: refused'";

/// Asks for what kind of machine the kernel plays.
const MACHINE: &str = "uname -m | grep -q 64 && echo 'a machine of 64 bits' || echo 'a machine of 32 bits'";

fn asks_for_walls() -> Bundle {
    let rule = json!({ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO" });
    Bundle::new()
        .shell(SCRIPT)
        .with("/process/capabilities", json!({}))
        .with("/linux/seccomp", json!({ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule] }))
}

#[test]
fn what_the_naive_runtime_leaves_out() {
    let bundle = asks_for_walls();
    bundle.write();
    let naive = told(bundle.world.command("runtime-naive").arg(bundle.dir()).output().unwrap());
    // What it has made is not what the other one finds.
    std::fs::remove_dir(bundle.dir().join("rootfs/tmp/directory")).unwrap();
    let ours = bundle.run();
    let other = asks_for_walls().with("/linux/personality", json!({ "domain": "LINUX32" })).shell(MACHINE);
    other.write();
    let ignored = told(other.world.command("runtime-naive").arg(other.dir()).output().unwrap());
    let heeded = other.run();
    let screen = format!(
        "$ runtime-naive bundle\n{naive}$ runtime run --bundle bundle box\n{ours}\
         With another personality:\n$ runtime-naive bundle\n{ignored}$ runtime run --bundle bundle box\n{heeded}"
    );
    settings().bind(|| assert_snapshot!("naive", screen));
}
