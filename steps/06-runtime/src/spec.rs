//! `spec`: writes a `config.json` to begin with.

use std::io::Write;
use std::path::Path;

use clap::ArgMatches;
use confinement::{CapSet, MASKED, READONLY};
use namespaces::{Extent, Namespaces};
use nix::unistd::geteuid;
use process::{Command, Error, Result, code};
use rootfs::{Mount, default_mounts};
use serde_json::{Value, json};

/// The verb.
pub const SPEC: Command =
    Command { name: "spec", about: "Write a configuration to begin with", define: |command| command, run };

fn run(_matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let path = Path::new("config.json");
    let text = serde_json::to_string_pretty(&template()?)
        .map_err(|error| Error::because("write config.json", error).code(code::INTERNAL))?;
    let mut file = std::fs::File::create_new(path).map_err(|error| Error::os("create config.json", error))?;
    file.write_all(format!("{text}\n").as_bytes()).map_err(|error| Error::os("write config.json", error))?;
    Ok(0)
}

/// A container of the caller that runs `sh` in `rootfs`.
// ANCHOR: template
fn template() -> Result<Value> {
    let all = CapSet::default_for_root().names();
    let mut kinds = vec!["mount", "pid", "uts", "ipc", "network", "cgroup"];
    let mut linux = json!({ "maskedPaths": MASKED, "readonlyPaths": READONLY });
    if let Some(map) = Namespaces::storage()?.users.filter(|_| !geteuid().is_root()) {
        kinds.push("user");
        linux["uidMappings"] = map.users.iter().map(mapping).collect();
        linux["gidMappings"] = map.groups.iter().map(mapping).collect();
    }
    linux["namespaces"] = kinds.iter().map(|kind| json!({ "type": kind })).collect();
    Ok(json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": { "uid": 0, "gid": 0 },
            "args": ["sh"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": { "bounding": all, "effective": all, "permitted": all },
            "noNewPrivileges": true,
        },
        "root": { "path": "rootfs", "readonly": true },
        "hostname": "podling",
        "mounts": default_mounts(false).iter().map(mount).collect::<Vec<_>>(),
        "linux": linux,
    }))
}
// ANCHOR_END: template

fn mapping(extent: &Extent) -> Value {
    json!({ "containerID": extent.inside, "hostID": extent.outside, "size": extent.count })
}

fn mount(mount: &Mount) -> Value {
    json!({
        "destination": mount.destination,
        "type": mount.fstype,
        "source": mount.source,
        "options": mount.options,
    })
}
