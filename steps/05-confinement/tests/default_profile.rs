//! Our default profile beside the one that Podman has installed: each call on which they differ is known.

mod interpreter;

use std::path::Path;

use confinement::CapSet;
use confinement::seccomp::{Arch, Filter, Profile, number};
use interpreter::{Call, run};

/// Of Debian's package golang-github-containers-common, which podman needs.
const PODMANS: &str = "/usr/share/containers/seccomp.json";

/// The names in a profile file.
fn names() -> Vec<String> {
    let text = std::fs::read_to_string(PODMANS).unwrap_or_else(|error| {
        panic!("{PODMANS}: {error}; run: scripts/setup --dev (Debian: apt-get install podman)")
    });
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rules = document["syscalls"].as_array().unwrap().iter();
    let mut names: Vec<String> =
        rules.flat_map(|rule| rule["names"].as_array().unwrap()).map(|name| name.as_str().unwrap().into()).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn ours_is_podmans_but_for_what_is_known() {
    let arch = if cfg!(target_arch = "aarch64") { Arch::Aarch64 } else { Arch::X86_64 };
    let all = CapSet::from_bits((1 << 41) - 1);
    let mut differences = Vec::new();
    for (who, capabilities) in [("", CapSet::default_for_root()), (" with all capabilities", all)] {
        let ours = Filter::compile(&Profile::default_for(&capabilities), arch).unwrap();
        let theirs = Filter::compile(&Profile::read(Path::new(PODMANS), &capabilities).unwrap(), arch).unwrap();
        for name in names() {
            let Some(number) = number(&name, arch) else { continue };
            let call = |argument| Call { number, audit: arch.audit(), args: [argument; 6] };
            // Nothing, everything, and the new namespaces of clone(2).
            let answers = [0, u64::MAX, 0x7e02_0000].map(|argument| {
                let call = call(argument);
                (run(theirs.program(), &call).0, run(ours.program(), &call).0)
            });
            if answers.iter().any(|(theirs, ours)| theirs != ours) {
                let shown = answers.map(|(theirs, ours)| format!("{} {}", word(theirs), word(ours)));
                differences.push(format!("{name}{who}: {}", shown.join(", ")));
            }
        }
    }
    support::settings().bind(|| {
        insta::assert_snapshot!(
            "differences",
            format!("# ANCHOR: known\n{}\n# ANCHOR_END: known", differences.join("\n"))
        )
    });
}

fn word(answer: u32) -> String {
    match answer & libc::SECCOMP_RET_ACTION_FULL {
        libc::SECCOMP_RET_ALLOW => "allow".into(),
        libc::SECCOMP_RET_ERRNO => nix::errno::Errno::from_raw((answer & libc::SECCOMP_RET_DATA) as i32)
            .to_string()
            .split(':')
            .next()
            .unwrap()
            .into(),
        _ => format!("{answer:#x}"),
    }
}
