//! A container's document, with Podman's names (libpod's `InspectContainerData`).

use process::Result;
use rootfs::Source;
use serde_json::{Value, json};

use super::host;
use crate::{Engine, Phase, Record, Status, compose, foreign};

/// When something has not happened, in Go's words.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// All that is known of a container.
///
/// # Errors
/// When that cannot be read.
pub fn document(engine: &Engine, record: &Record) -> Result<Value> {
    let status = engine.status(record)?;
    let directory = engine.state().container(&record.id);
    let image = engine.store().find(&record.image_id).ok();
    let config = image.as_ref().map(|image| image.config.clone()).unwrap_or_default();
    let options = &record.options;
    let user = confinement::User::default();
    let bounding = compose::confinement(options, user).map(|confinement| names(confinement.capabilities.bounding))?;
    let text = |path: std::path::PathBuf| path.display().to_string();
    let (path, args) = record.command.split_first().map_or(("", &[][..]), |(path, args)| (path.as_str(), args));
    Ok(json!({
        "Id": record.id,
        "Created": record.created,
        "Path": path,
        "Args": args,
        "State": state(&status),
        "Image": record.image_id,
        "ImageDigest": image.as_ref().map_or("", |image| &image.digest),
        "ImageName": record.image,
        "Rootfs": "",
        "Pod": "",
        "ResolvConfPath": "",
        "HostnamePath": "",
        "HostsPath": "",
        "StaticDir": text(directory.clone()),
        "OCIRuntime": record.options.runtime.as_deref().map_or("podling", foreign::name),
        "ConmonPidFile": "",
        "PidFile": "",
        "Name": record.name,
        "RestartCount": status.life.restarts,
        "Driver": "overlay",
        "MountLabel": record.label.as_ref().map_or("", |label| &label.mount),
        "ProcessLabel": record.label.as_ref().and_then(|label| label.process.as_deref()).unwrap_or(""),
        "AppArmorProfile": "",
        "EffectiveCaps": bounding,
        "BoundingCaps": bounding,
        "ExecIDs": [],
        "GraphDriver": {
            "Name": "overlay",
            "Data": {
                "UpperDir": text(directory.join("upper")),
                "WorkDir": text(directory.join("work")),
                "LowerDir": image.iter().flat_map(|image| engine.store().layer_dirs(image)).map(text).collect::<Vec<_>>().join(":"),
            },
        },
        "Mounts": mounts(engine, record)?,
        "Dependencies": [],
        "NetworkSettings": network_settings(record, &status),
        "Namespace": "",
        "IsInfra": false,
        "IsService": false,
        "Config": asked(record, &config),
        "HostConfig": host::config(engine, record),
    }))
}

/// What the program was asked to be.
fn asked(record: &Record, config: &images::Config) -> Value {
    let options = &record.options;
    let own_command = !options.command.is_empty() || options.entrypoint.is_some();
    json!({
        "Hostname": compose::hostname(options, &record.id),
        "Domainname": "",
        "User": options.user.as_ref().unwrap_or(&config.user),
        "AttachStdin": false,
        "AttachStdout": false,
        "AttachStderr": false,
        "Tty": options.terminal,
        "OpenStdin": options.interactive,
        "StdinOnce": false,
        "Env": environment(options, config),
        "Cmd": if own_command { &options.command } else { &config.cmd },
        "Image": record.image,
        "Volumes": null,
        "WorkingDir": compose::directory(options, config),
        "Entrypoint": options.entrypoint.as_ref().unwrap_or(&config.entrypoint),
        "OnBuild": null,
        "Labels": options.labels,
        "Annotations": options.annotations,
        "StopSignal": options.stop_signal.as_deref().unwrap_or("SIGTERM"),
        "StopTimeout": options.stop_timeout.unwrap_or(10),
        "HealthcheckOnFailureAction": "none",
        "CreateCommand": options.create_command,
        "Umask": "0022",
        "Timeout": 0,
        "Passwd": true,
        "sdNotifyMode": options.sdnotify,
    })
}

fn state(status: &Status) -> Value {
    let life = &status.life;
    let time = |text: &str| if text.is_empty() { NEVER.to_string() } else { text.to_string() };
    json!({
        "OciVersion": "1.2.0",
        "Status": status.phase.name(),
        "Running": status.phase == Phase::Running,
        "Paused": status.phase == Phase::Paused,
        "Restarting": false,
        "OOMKilled": life.oom_killed,
        "Dead": false,
        "Pid": life.pid.unwrap_or(0),
        "ConmonPid": life.monitor,
        "ExitCode": life.exit_code.unwrap_or(0),
        "Error": life.error,
        "StartedAt": time(&life.started),
        "FinishedAt": time(&life.finished),
        "CgroupPath": life.cgroup.as_deref().unwrap_or(""),
        "CheckpointedAt": NEVER,
        "RestoredAt": NEVER,
    })
}

fn names(set: confinement::CapSet) -> Vec<String> {
    set.each().map(|one| one.to_string()).collect()
}

fn environment(options: &crate::Options, config: &images::Config) -> Vec<String> {
    let mut environment = crate::environment::Environment::new(options.terminal);
    environment.image(&config.env);
    environment.asked(&options.env);
    environment.pairs()
}

fn mounts(engine: &Engine, record: &Record) -> Result<Vec<Value>> {
    let mut mounts = Vec::new();
    for volume in &record.volumes {
        mounts.push(json!({
            "Type": "volume",
            "Name": volume.name,
            "Source": engine.volumes().mountpoint(&volume.name),
            "Destination": volume.destination,
            "Driver": "local",
            "Mode": "",
            "Options": ["nosuid", "nodev", "rbind"],
            "RW": !volume.options.iter().any(|word| word == "ro"),
            "Propagation": "rprivate",
        }));
    }
    for volume in record.options.volumes()? {
        let Source::Host(source) = &volume.source else { continue };
        let read_only = volume.options.iter().any(|word| word == "ro");
        mounts.push(json!({
            "Type": "bind",
            "Source": source,
            "Destination": volume.destination,
            "Driver": "",
            "Mode": "",
            "Options": volume.mount().options,
            "RW": !read_only,
            "Propagation": "rprivate",
        }));
    }
    Ok(mounts)
}

fn network_settings(record: &Record, status: &Status) -> Value {
    let key =
        if status.is_running() { format!("/proc/{}/ns/net", status.life.pid.unwrap_or(0)) } else { String::new() };
    json!({
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": "",
        "Bridge": "",
        "SandboxID": "",
        "HairpinMode": false,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "Ports": network::ports::settings(&record.options.network),
        "SandboxKey": key,
    })
}
