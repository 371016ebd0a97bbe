//! `info`, `system info`: the engine and its machine.

use std::io::Write;
use std::path::PathBuf;

use clap::ArgMatches;
use images::template;
use process::{Command, Error, Result, code};
use serde_json::{Map, Value, json};

use crate::{version, yaml};

/// The verb.
pub const INFO: Command = Command { name: "info", about: "Display podling system information", define, run };

/// The same, in its group.
pub const SYSTEM_INFO: Command = Command { name: "system info", ..INFO };

fn define(command: clap::Command) -> clap::Command {
    images::root_argument(version::format_argument(command))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let root = match matches.get_one::<PathBuf>("root") {
        Some(root) => root.clone(),
        None => images::default_root()?,
    };
    // As Podman's: nothing at all when names are looked for nowhere.
    let registries = match registry::search_registries()? {
        search if search.is_empty() => json!({}),
        search => json!({ "search": search }),
    };
    let info = engine::info::info(&root, registries)?;
    let info = serde_json::to_value(info)
        .map_err(|error| Error::because("write the information down", error).code(code::INTERNAL))?;
    match matches.get_one::<String>("format") {
        Some(format) if template::is_json(format) => template::print_json(out, &info, 2)?,
        Some(format) => template::print_one(out, "info", format, &fields("", info))?,
        None => out
            .write_all(yaml::print(&info).as_bytes())
            .map_err(|error| Error::os("write to standard output", error))?,
    }
    Ok(0)
}

/// With the names of the fields of Podman's Go structs, which templates use: `.Host.OCIRuntime` is `host.ociRuntime`
/// in JSON.
fn fields(name: &str, value: Value) -> Value {
    match value {
        // Two maps, whose keys are values themselves.
        Value::Object(map) if name == "registries" || name == "graphStatus" => Value::Object(map),
        Value::Object(map) => {
            let fields = map.into_iter().map(|(key, value)| (field(&key), fields(&key, value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(list) => list.into_iter().map(|value| fields(name, value)).collect(),
        other => other,
    }
}

fn field(key: &str) -> String {
    match FIELDS.iter().find(|(json, _)| *json == key) {
        Some((_, go)) => (*go).to_string(),
        None => key.chars().take(1).flat_map(char::to_uppercase).chain(key.chars().skip(1)).collect(),
    }
}

/// Those that are more than the same with a capital.
const FIELDS: &[(&str, &str)] = &[
    ("apparmorEnabled", "AppArmorEnabled"),
    ("capabilities", "DefaultCapabilities"),
    ("cgroupVersion", "CgroupsVersion"),
    ("container_id", "ContainerID"),
    ("cpuUtilization", "CPUUtilization"),
    ("cpus", "CPUs"),
    ("gidmap", "GIDMap"),
    ("host_id", "HostID"),
    ("idMappings", "IDMappings"),
    ("ociRuntime", "OCIRuntime"),
    ("os", "OS"),
    ("seccompEnabled", "SECCOMPEnabled"),
    ("seccompProfilePath", "SECCOMPProfilePath"),
    ("selinuxEnabled", "SELinuxEnabled"),
    ("uidmap", "UIDMap"),
];
