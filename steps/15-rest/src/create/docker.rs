//! Docker's `ContainerConfig` and `HostConfig`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Rest, Words};
use crate::answer::Failure;

/// A new container, as Docker's clients ask for it.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = ContainerCreate)]
pub(crate) struct Create {
    image: String,
    #[serde(deserialize_with = "words")]
    #[schema(value_type = Vec<String>)]
    cmd: Vec<String>,
    #[serde(deserialize_with = "words_or_none")]
    #[schema(value_type = Option<Vec<String>>)]
    entrypoint: Option<Vec<String>>,
    #[serde(deserialize_with = "null")]
    env: Vec<String>,
    hostname: String,
    user: String,
    working_dir: String,
    tty: bool,
    open_stdin: bool,
    #[serde(deserialize_with = "null")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "null")]
    #[schema(value_type = Object)]
    exposed_ports: BTreeMap<String, serde_json::Value>,
    #[serde(deserialize_with = "null")]
    #[schema(value_type = Object)]
    volumes: BTreeMap<String, serde_json::Value>,
    stop_signal: String,
    stop_timeout: Option<u64>,
    #[serde(deserialize_with = "null")]
    host_config: HostConfig,
    #[serde(deserialize_with = "null")]
    networking_config: NetworkingConfig,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Rest,
}

/// What the host gives to it.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = CreateHostConfig)]
struct HostConfig {
    #[serde(deserialize_with = "null")]
    binds: Vec<String>,
    #[serde(deserialize_with = "null")]
    mounts: Vec<Mount>,
    #[serde(deserialize_with = "null")]
    tmpfs: BTreeMap<String, String>,
    network_mode: String,
    #[serde(deserialize_with = "null")]
    port_bindings: BTreeMap<String, Option<Vec<Binding>>>,
    publish_all_ports: bool,
    #[serde(deserialize_with = "null")]
    dns: Vec<String>,
    #[serde(deserialize_with = "null")]
    dns_options: Vec<String>,
    #[serde(deserialize_with = "null")]
    dns_search: Vec<String>,
    #[serde(deserialize_with = "null")]
    extra_hosts: Vec<String>,
    #[serde(deserialize_with = "null")]
    restart_policy: RestartPolicy,
    auto_remove: bool,
    memory: i64,
    memory_swap: i64,
    memory_reservation: i64,
    nano_cpus: i64,
    cpu_shares: i64,
    cpu_period: i64,
    cpu_quota: i64,
    cpuset_cpus: String,
    cpuset_mems: String,
    pids_limit: Option<i64>,
    #[serde(deserialize_with = "null")]
    cap_add: Vec<String>,
    #[serde(deserialize_with = "null")]
    cap_drop: Vec<String>,
    #[serde(deserialize_with = "null")]
    security_opt: Vec<String>,
    #[serde(deserialize_with = "null")]
    group_add: Vec<String>,
    #[serde(deserialize_with = "null")]
    ulimits: Vec<Ulimit>,
    #[serde(deserialize_with = "null")]
    annotations: BTreeMap<String, String>,
    readonly_rootfs: bool,
    #[serde(deserialize_with = "null")]
    log_config: LogConfig,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Rest,
}

/// Something to be mounted.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = CreateMount)]
struct Mount {
    r#type: String,
    source: String,
    target: String,
    read_only: bool,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Rest,
}

/// Where the host listens.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = PortBinding)]
struct Binding {
    host_ip: String,
    host_port: String,
}

/// What happens when it ends.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = CreateRestartPolicy)]
struct RestartPolicy {
    name: String,
    maximum_retry_count: u32,
}

/// A limit of setrlimit(2).
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = Ulimit)]
struct Ulimit {
    name: String,
    soft: i64,
    hard: i64,
}

/// What is kept of its output.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = CreateLogConfig)]
struct LogConfig {
    r#type: String,
    #[serde(deserialize_with = "null")]
    config: BTreeMap<String, String>,
}

/// Its networks. There is only one that podling can make, so nothing can be said of it.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = NetworkingConfig)]
struct NetworkingConfig {
    #[serde(deserialize_with = "null")]
    #[schema(value_type = Object)]
    endpoints_config: BTreeMap<String, Option<Rest>>,
}

/// Fields that say what happens anyway, or what another request will say.
const HARMLESS: &[(&str, &[&str])] = &[
    ("AttachStdin", &[]),
    ("AttachStdout", &[]),
    ("AttachStderr", &[]),
    ("StdinOnce", &[]),
    ("ArgsEscaped", &[]),
    ("ConsoleSize", &[]),
    ("MemorySwappiness", &["-1"]),
    ("CgroupnsMode", &["private"]),
    ("IpcMode", &["private"]),
    ("PidMode", &["private"]),
    ("UTSMode", &["private"]),
    ("Isolation", &["default"]),
    ("Runtime", &["podling"]),
    ("CgroupParent", &[""]),
];

impl Create {
    /// The image that is asked for.
    pub fn image(&self) -> &str {
        &self.image
    }

    /// The words of `podling create`.
    pub fn words(self, name: Option<&str>) -> Result<Vec<String>, Failure> {
        self.rest.refuse("", HARMLESS)?;
        for (network, endpoint) in &self.networking_config.endpoints_config {
            let place = format!("NetworkingConfig.EndpointsConfig.{network}.");
            endpoint.as_ref().map_or(Ok(()), |endpoint| endpoint.refuse(&place, &[]))?;
        }
        let mut words = Words::default();
        words.value("name", name);
        words.value("hostname", Some(self.hostname));
        words.value("user", Some(self.user));
        words.value("workdir", Some(self.working_dir));
        words.flag("tty", Some(self.tty));
        words.flag("interactive", Some(self.open_stdin));
        words.env(&self.env)?;
        words.pairs("label", &self.labels);
        words.value("stop-signal", Some(self.stop_signal));
        words.value("stop-timeout", self.stop_timeout);
        if let Some(entrypoint) = self.entrypoint {
            // As a list also when it is one word, which could look like one.
            words.value("entrypoint", Some(serde_json::json!(entrypoint)));
        }
        words.list("expose", self.exposed_ports.into_keys());
        let bound: Vec<&str> = self.host_config.binds.iter().filter_map(|bind| bind.split(':').nth(1)).collect();
        let mounted =
            |place: &str| bound.contains(&place) || self.host_config.mounts.iter().any(|mount| mount.target == place);
        words.list("volume", self.volumes.keys().filter(|place| !mounted(place)));
        self.host_config.add(&mut words)?;
        words.finish(&self.image, self.cmd)
    }
}

impl HostConfig {
    fn add(self, words: &mut Words) -> Result<(), Failure> {
        self.rest.refuse("HostConfig.", HARMLESS)?;
        words.list("volume", self.binds);
        for mount in self.mounts {
            mount.rest.refuse("HostConfig.Mounts.", &[("Consistency", &["default", "consistent"])])?;
            let read_only = if mount.read_only { "true" } else { "" };
            let fields =
                [("type", &*mount.r#type), ("source", &mount.source), ("target", &mount.target), ("ro", read_only)];
            words.mount(&fields)?;
        }
        words.list(
            "tmpfs",
            self.tmpfs.iter().map(|(place, options)| match options.is_empty() {
                true => place.clone(),
                false => format!("{place}:{options}"),
            }),
        );
        // Docker's own network is a bridge; what it is for here, pasta is.
        let default = ["", "default", "bridge"].contains(&self.network_mode.as_str());
        words.value("network", Some(self.network_mode).filter(|_| !default));
        for (port, bindings) in self.port_bindings {
            for Binding { host_ip, host_port } in bindings.unwrap_or_default() {
                let address = if host_ip.contains(':') { format!("[{host_ip}]") } else { host_ip };
                words.list(
                    "publish",
                    [match (address.is_empty(), host_port.is_empty()) {
                        (true, true) => port.clone(),
                        (true, false) => format!("{host_port}:{port}"),
                        _ => format!("{address}:{host_port}:{port}"),
                    }],
                );
            }
        }
        words.flag("publish-all", Some(self.publish_all_ports));
        words.list("dns", self.dns);
        words.list("dns-option", self.dns_options);
        words.list("dns-search", self.dns_search);
        words.list("add-host", self.extra_hosts);
        let RestartPolicy { name, maximum_retry_count } = self.restart_policy;
        words.value(
            "restart",
            Some(name).filter(|name| name != "no").map(|name| match maximum_retry_count {
                0 => name,
                times => format!("{name}:{times}"),
            }),
        );
        words.flag("rm", Some(self.auto_remove));
        words.number("memory", Some(self.memory));
        words.number("memory-swap", Some(self.memory_swap));
        words.number("memory-reservation", Some(self.memory_reservation));
        words.value("cpus", (self.nano_cpus != 0).then(|| self.nano_cpus as f64 / 1e9));
        words.number("cpu-shares", Some(self.cpu_shares));
        words.number("cpu-period", Some(self.cpu_period));
        words.number("cpu-quota", Some(self.cpu_quota));
        words.value("cpuset-cpus", Some(self.cpuset_cpus));
        words.value("cpuset-mems", Some(self.cpuset_mems));
        words.number("pids-limit", self.pids_limit);
        words.list("cap-add", self.cap_add);
        words.list("cap-drop", self.cap_drop);
        words.list("security-opt", self.security_opt);
        words.list("group-add", self.group_add);
        words.list("ulimit", self.ulimits.iter().map(|limit| format!("{}={}:{}", limit.name, limit.soft, limit.hard)));
        words.pairs("annotation", &self.annotations);
        words.flag("read-only", Some(self.readonly_rootfs));
        words.value("log-driver", Some(self.log_config.r#type));
        words.pairs("log-opt", &self.log_config.config);
        Ok(())
    }
}

/// `null` is the empty value, as Go writes it.
pub(super) fn null<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// One word, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    One(String),
    Many(Vec<String>),
}

fn words_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map(|text| match text {
        Text::One(word) => vec![word],
        Text::Many(words) => words,
    }))
}

fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(words_or_none(deserializer)?.unwrap_or_default())
}
