//! What a container was asked to be on the host: `HostConfig` of its document.

use cgroups::{DeviceLimits, Mode};
use confinement::{CapSet, Rlimit};
use namespaces::UserMap;
use rootfs::{Device, Source};
use serde_json::{Value, json};

use crate::restart::Restart;
use crate::{Engine, Options, Record};

/// As Docker's documents have them.
fn devices(options: &Options) -> Vec<Value> {
    let devices = options.devices.iter().filter_map(|text| Device::parse(text).ok()).flatten();
    let device =
        |Device { host, container }| json!({"PathOnHost": host, "PathInContainer": container, "CgroupPermissions": ""});
    devices.map(device).collect()
}

/// Fourteen that runtimes once gave: Podman tells what a container has more and less than these, whatever was asked for.
const USUAL: [&str; 14] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

/// Names of capabilities, in the order of the alphabet.
fn names(set: CapSet) -> Vec<&'static str> {
    let mut names = set.names();
    names.sort_unstable();
    names
}

/// Limits of resources by the kernel's names; -1 is none.
fn ulimits(options: &Options) -> Vec<Value> {
    let number = |value: u64| i64::try_from(value).unwrap_or(-1);
    let mut limits: Vec<Rlimit> = options.ulimits.iter().filter_map(|text| Rlimit::parse(text).ok()).collect();
    limits.sort_by(|one, other| one.kind.cmp(&other.kind));
    let limit = |limit: Rlimit| json!({"Name": limit.kind, "Soft": number(limit.soft), "Hard": number(limit.hard)});
    limits.into_iter().map(limit).collect()
}

/// File systems in memory by their places: what was asked for, and then what every one of them has.
fn memory(options: &Options) -> Value {
    let volumes = options.volumes().unwrap_or_default().into_iter().filter(|volume| volume.source == Source::Memory);
    let words = |given: &[String]| {
        // Each unless the other is asked for.
        let everyones = [
            ("rw", "ro"),
            ("rprivate", "private slave rslave shared rshared unbindable runbindable"),
            ("nosuid", "suid"),
            ("nodev", "dev"),
            ("tmpcopyup", "notmpcopyup"),
        ];
        let own = given.iter().map(String::as_str).filter(|word| everyones.iter().all(|(usual, _)| usual != word));
        let is_usual = |others: &str| given.iter().all(|word| others.split(' ').all(|other| other != word));
        let rest = everyones.into_iter().filter(|(_, others)| is_usual(others)).map(|(usual, _)| usual);
        own.chain(rest).collect::<Vec<_>>().join(",")
    };
    let memory = volumes.map(|volume| (volume.destination.display().to_string(), Value::from(words(&volume.options))));
    Value::Object(memory.collect())
}

pub(super) fn config(engine: &Engine, record: &Record) -> Value {
    let options = &record.options;
    let limits = &options.limits;
    let retries = if let Restart::OnFailure(times) = options.restart { times } else { 0 };
    let network = &options.network;
    let has = CapSet::default_for_root().merge(&options.cap_add, &options.cap_drop).unwrap_or(CapSet::EMPTY);
    let usual = CapSet::parse(USUAL).unwrap_or(CapSet::EMPTY);
    let (more, less) = match options.privileged {
        true => (CapSet::EMPTY, CapSet::EMPTY),
        false => (has.minus(usual), usual.minus(has)),
    };
    let mut config = json!({
        "Binds": options.volumes,
        "CgroupManager": "systemd",
        "CgroupMode": options.cgroups.namespace.name(),
        "ContainerIDFile": "",
        "LogConfig": {
            "Type": options.log.driver.name(),
            "Config": null,
            "Path": engine.log_file(record),
            "Tag": options.log.tag.as_deref().unwrap_or(""),
            "Size": format!("{}B", options.log.max_size),
        },
        "NetworkMode": network.mode.name(),
        "PortBindings": network::ports::bindings(network),
        "RestartPolicy": { "Name": options.restart.name(), "MaximumRetryCount": retries },
        "AutoRemove": options.remove,
        "Annotations": options.annotations,
        "VolumeDriver": "",
        "VolumesFrom": null,
        "CapAdd": names(more),
        "CapDrop": names(less),
        "Dns": [],
        "DnsOptions": [],
        "DnsSearch": [],
        "ExtraHosts": [],
        "GroupAdd": options.groups,
        "IpcMode": options.spaces.ipc.name(),
        "Cgroup": "",
        "Cgroups": match options.cgroups.mode {
            Mode::Disabled => "disabled",
            Mode::Split => "split",
            Mode::Enabled | Mode::NoConmon => "default",
        },
        "Links": null,
        "OomScoreAdj": limits.oom_score_adj.unwrap_or(0),
        "PidMode": options.spaces.pid.name(),
        "Privileged": options.privileged,
        "PublishAllPorts": network.publish_all,
        "ReadonlyRootfs": options.read_only,
        "SecurityOpt": options.security,
        "Tmpfs": memory(options),
        "UTSMode": options.spaces.uts.name(),
        "UsernsMode": match &options.users {
            UserMap::Host => String::new(),
            users => users.space().name(),
        },
        "ShmSize": options.shm_size.unwrap_or(65_536_000),
        "Runtime": "podling",
        "ConsoleSize": [0, 0],
        "Isolation": ""
    });
    let disks = |value: fn(&DeviceLimits) -> Option<u64>, name: &str| {
        let known = limits.devices.iter().filter_map(|(path, limits)| Some((path, value(limits)?)));
        known.map(|(path, value)| json!({ "Path": path, name: value })).collect::<Vec<_>>()
    };
    let limits = json!({
        "BlkioWeight": limits.blkio_weight.unwrap_or(0),
        "BlkioWeightDevice": disks(|limits| limits.weight.map(u64::from), "Weight"),
        "BlkioDeviceReadBps": disks(|limits| limits.read_bps, "Rate"),
        "BlkioDeviceWriteBps": disks(|limits| limits.write_bps, "Rate"),
        "BlkioDeviceReadIOps": disks(|limits| limits.read_iops, "Rate"),
        "BlkioDeviceWriteIOps": disks(|limits| limits.write_iops, "Rate"),
        "CpuShares": limits.cpu_shares.unwrap_or(0),
        "Memory": limits.memory.unwrap_or(0),
        "NanoCpus": limits.cpus().map_or(0, |cpus| (cpus * 1e9) as u64),
        "CgroupParent": options.cgroups.parent.as_deref().unwrap_or(""),
        "CpuPeriod": limits.cpu_period.unwrap_or(0),
        "CpuQuota": limits.cpu_quota.unwrap_or(0),
        "CpusetCpus": limits.cpuset_cpus.as_deref().unwrap_or(""),
        "CpusetMems": limits.cpuset_mems.as_deref().unwrap_or(""),
        "Devices": devices(options),
        "MemoryReservation": limits.memory_reservation.unwrap_or(0),
        "MemorySwap": limits.memory_swap.unwrap_or(0),
        "OomKillDisable": false,
        "Init": options.init,
        "PidsLimit": limits.pids.unwrap_or(2048),
        "Ulimits": ulimits(options),
    });
    if let (Value::Object(config), Value::Object(limits)) = (&mut config, limits) {
        config.extend(limits);
    }
    config
}
