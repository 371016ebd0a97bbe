//! `features`: what this runtime can do (runtime-spec, features.md).

use std::io::Write;

use clap::ArgMatches;
use confinement::seccomp::{Arch, known_flags};
use confinement::{CapSet, label};
use process::{Command, Error, Result, code};
use serde_json::{Value, json};

use crate::record::VERSION;

/// The verb.
pub const FEATURES: Command =
    Command { name: "features", about: "Show what this runtime can do", define: |command| command, run };

/// Words of mount(8) that are not handed to the file system.
const MOUNT_OPTIONS: &[&str] = &[
    "async",
    "atime",
    "bind",
    "defaults",
    "dev",
    "diratime",
    "exec",
    "idmap",
    "noatime",
    "nodev",
    "nodiratime",
    "noexec",
    "norelatime",
    "nostrictatime",
    "nosuid",
    "nosymfollow",
    "private",
    "ratime",
    "rbind",
    "rdev",
    "relatime",
    "rexec",
    "ridmap",
    "rnoatime",
    "rnodev",
    "rnodiratime",
    "rnoexec",
    "rnorelatime",
    "rnostrictatime",
    "rnosuid",
    "rnosymfollow",
    "ro",
    "rprivate",
    "rrelatime",
    "rro",
    "rrw",
    "rshared",
    "rslave",
    "rstrictatime",
    "rsuid",
    "rsymfollow",
    "runbindable",
    "rw",
    "shared",
    "slave",
    "strictatime",
    "suid",
    "symfollow",
    "tmpcopyup",
    "unbindable",
];

fn run(_matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let text = serde_json::to_string_pretty(&features())
        .map_err(|error| Error::because("write the features", error).code(code::INTERNAL))?;
    writeln!(out, "{text}").map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}

// ANCHOR: features
fn features() -> Value {
    let flags = known_flags();
    let architectures: Vec<Value> = Arch::NATIVE.family().iter().map(|arch| json!(arch)).collect();
    json!({
        "ociVersionMin": "1.0.0",
        "ociVersionMax": VERSION,
        "hooks": ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
        "mountOptions": MOUNT_OPTIONS,
        "linux": {
            "namespaces": ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
            "capabilities": CapSet::ALL.names(),
            "cgroup": { "v1": false, "v2": true, "systemd": true, "systemdUser": true, "rdma": true },
            "seccomp": {
                "enabled": true,
                "actions": [
                    "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
                    "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP",
                ],
                "operators": [
                    "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE",
                ],
                "archs": architectures,
                "knownFlags": flags.iter().map(|(name, _)| name).collect::<Vec<_>>(),
                "supportedFlags": flags.iter().filter(|(_, is_known)| *is_known).map(|(name, _)| name).collect::<Vec<_>>(),
            },
            "apparmor": { "enabled": true },
            "selinux": { "enabled": label::enabled() },
            "memoryPolicy": {
                "modes": [
                    "MPOL_BIND", "MPOL_DEFAULT", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED", "MPOL_PREFERRED_MANY",
                    "MPOL_WEIGHTED_INTERLEAVE",
                ],
                "flags": ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"],
            },
            "intelRdt": { "enabled": true, "schemata": true, "monitoring": true },
            "mountExtensions": { "idmap": { "enabled": true } },
            "netDevices": { "enabled": true },
        },
        "annotations": { "org.podling.version": env!("CARGO_PKG_VERSION") },
    })
}
// ANCHOR_END: features
