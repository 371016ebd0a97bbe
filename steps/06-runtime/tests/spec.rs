//! `runtime spec`, and documents that others wrote.

mod bundle;

use std::fs;
use std::path::Path;

use bundle::{Bundle, told};
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{World, settings};

#[test]
fn help() {
    let world = World::new();
    let help = |args: &[&str]| told(world.command("runtime").args(args).output().unwrap());
    let all = [&["--help"][..], &["run", "--help"], &["spec", "--help"], &["run"], &["nothing"]].map(help);
    settings().bind(|| assert_snapshot!("help", all.join("\n----\n")));
}

#[test]
fn the_document_to_begin_with() {
    let text = fs::read_to_string(Bundle::new().dir().join("config.json")).unwrap();
    let mut settings = settings();
    // Small numbers could be anything.
    settings.add_filter(r#""(hostID|size)": .*[^,\n]"#, "\"$1\": [NUMBER]");
    settings.bind(|| assert_snapshot!("spec", text));
}

/// The bundle's document, replaced by what `crun spec --rootless` writes.
fn by_crun() -> Bundle {
    let mut bundle = Bundle::new();
    fs::remove_file(bundle.dir().join("config.json")).unwrap();
    bundle.world.command("crun").args(["spec", "--rootless"]).current_dir(bundle.dir()).assert().success();
    bundle.config = serde_json::from_slice(&fs::read(bundle.dir().join("config.json")).unwrap()).unwrap();
    bundle.with("/process/terminal", json!(false))
}

/// It asks for a user namespace, and leaves to the runtime which ids are in it; and for a view of the cgroups, with or without
/// a cgroup namespace.
#[test]
fn what_crun_writes_is_understood() {
    let ids = Bundle::new().config["linux"].clone();
    let script = "id -u; hostname; grep Cap /proc/self/status; grep 'open files' /proc/self/limits; grep cgroup /proc/mounts | cut -d' ' -f2; touch /file";
    let mut bundle = by_crun().shell(script);
    let as_it_is = bundle.run();
    for kind in ["uidMappings", "gidMappings"] {
        bundle.config["linux"][kind] = ids[kind].clone();
    }
    // Where there is cgroup v2 alone, it has asked for one already.
    let namespaces = bundle.config["linux"]["namespaces"].as_array_mut().unwrap();
    namespaces.retain(|namespace| namespace["type"] != "cgroup");
    let shared = bundle.run();
    bundle.config["linux"]["namespaces"].as_array_mut().unwrap().push(json!({ "type": "cgroup" }));
    let told = format!("As it is:\n{as_it_is}With ids:\n{shared}And a cgroup namespace:\n{}", bundle.run());
    settings().bind(|| assert_snapshot!("crun_spec", told));
}

/// The same document, carried out by crun.
#[test]
fn crun_gives_the_same_answers() {
    let script = "id; hostname; pwd; echo $PATH; umask; cut -d' ' -f2,3 /proc/mounts | grep -vE '^/(proc/.*|sys/.*)? ' | sort -u;
        grep -E '^(CapEff|CapBnd|CapPrm|NoNewPrivs|Seccomp:)' /proc/self/status; touch /file; ls /dev/full /dev/fd/0";
    let bundle = Bundle::new().shell(script).with("/linux/cgroupsPath", Value::Null);
    let ours = bundle.run();
    let state = bundle.world.dir("crun");
    let mut command = bundle.world.command("crun");
    command.args(["--cgroup-manager=disabled", "--root"]).arg(state).args(["run", "--bundle"]).arg(bundle.dir());
    let theirs = told(command.arg("box").output().unwrap());
    // Where both kinds of cgroups are mounted, this crun starts nothing; then there is nothing to compare.
    if Path::new("/sys/fs/cgroup/unified").exists() {
        assert_eq!(theirs, "cgroups in hybrid mode not supported, drop all controllers from cgroupv2\n[exit 1]\n");
        return;
    }
    assert_eq!(ours, theirs);
}

/// Each action and each flag that it names is one that it takes.
#[test]
fn what_it_says_of_itself_is_so() {
    let bundle = Bundle::new().args(&["true"]);
    let features: Value = serde_json::from_str(&bundle.runtime(&["features"])).unwrap();
    let seccomp = &features["linux"]["seccomp"];
    let words = |name: &str| seccomp[name].as_array().unwrap().clone();
    assert!(words("supportedFlags").iter().all(|flag| words("knownFlags").contains(flag)));
    let mut bundle = bundle;
    for action in words("actions") {
        let rules = json!({ "defaultAction": "SCMP_ACT_ALLOW", "flags": words("supportedFlags"),
            "syscalls": [{ "names": ["acct"], "action": action }] });
        bundle = bundle.with("/linux/seccomp", rules);
        let said = bundle.run();
        match action == "SCMP_ACT_NOTIFY" {
            true => assert!(said.contains("nobody to ask"), "{said}"),
            false => assert_eq!(said, "", "{action}"),
        }
    }
    bundle = bundle.with("/linux/seccomp", Value::Null);
    for kind in features["linux"]["namespaces"].as_array().unwrap() {
        let mut kinds = bundle.config["linux"]["namespaces"].clone();
        kinds.as_array_mut().unwrap().retain(|known| known["type"] != *kind);
        kinds.as_array_mut().unwrap().push(json!({ "type": kind }));
        bundle = bundle.with("/linux/namespaces", kinds);
        assert_eq!(bundle.run(), "", "{kind}");
    }
    assert_eq!(features["hooks"].as_array().unwrap().len(), 6);
}
