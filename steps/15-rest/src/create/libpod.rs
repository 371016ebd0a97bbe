//! Podman's `SpecGenerator`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::docker::null;
use super::{Rest, Words};
use crate::answer::Failure;

/// A new container, as Podman's clients ask for it.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecGenerator)]
pub(crate) struct Create {
    name: String,
    image: String,
    #[serde(deserialize_with = "null")]
    command: Vec<String>,
    entrypoint: Option<Vec<String>>,
    #[serde(deserialize_with = "null")]
    env: BTreeMap<String, String>,
    terminal: Option<bool>,
    stdin: Option<bool>,
    #[serde(deserialize_with = "null")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "null")]
    annotations: BTreeMap<String, String>,
    /// A number, or a name.
    stop_signal: Option<Value>,
    stop_timeout: Option<u64>,
    #[serde(deserialize_with = "null")]
    log_configuration: LogConfiguration,
    restart_policy: String,
    restart_tries: Option<u32>,
    #[serde(rename = "sdnotifyMode")]
    sdnotify_mode: String,
    hostname: String,
    remove: Option<bool>,
    #[serde(deserialize_with = "null")]
    mounts: Vec<Mount>,
    #[serde(deserialize_with = "null")]
    volumes: Vec<Volume>,
    work_dir: String,
    user: String,
    #[serde(deserialize_with = "null")]
    groups: Vec<String>,
    #[serde(deserialize_with = "null")]
    cap_add: Vec<String>,
    #[serde(deserialize_with = "null")]
    cap_drop: Vec<String>,
    #[serde(deserialize_with = "null")]
    selinux_opts: Vec<String>,
    no_new_privileges: Option<bool>,
    read_only_filesystem: Option<bool>,
    cgroups_mode: String,
    #[serde(deserialize_with = "null")]
    netns: Namespace,
    #[serde(deserialize_with = "null")]
    pidns: Namespace,
    #[serde(deserialize_with = "null")]
    ipcns: Namespace,
    #[serde(deserialize_with = "null")]
    utsns: Namespace,
    #[serde(deserialize_with = "null")]
    userns: Namespace,
    #[serde(deserialize_with = "null")]
    cgroupns: Namespace,
    #[serde(deserialize_with = "null")]
    idmappings: IdMappings,
    #[serde(deserialize_with = "null")]
    portmappings: Vec<Port>,
    publish_image_ports: Option<bool>,
    #[serde(deserialize_with = "null")]
    expose: BTreeMap<u16, String>,
    #[serde(deserialize_with = "null")]
    dns_server: Vec<String>,
    #[serde(deserialize_with = "null")]
    dns_search: Vec<String>,
    #[serde(deserialize_with = "null")]
    dns_option: Vec<String>,
    #[serde(deserialize_with = "null")]
    hostadd: Vec<String>,
    use_image_hosts: Option<bool>,
    #[serde(deserialize_with = "null")]
    resource_limits: Resources,
    #[serde(deserialize_with = "null")]
    r_limits: Vec<Rlimit>,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Rest,
}

/// What is kept of its output.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecLogConfig)]
struct LogConfiguration {
    driver: String,
    path: String,
    size: i64,
    #[serde(deserialize_with = "null")]
    options: BTreeMap<String, String>,
}

/// Something of the host to be mounted (runtime-spec, config.md, "mounts").
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecMount)]
struct Mount {
    destination: String,
    r#type: String,
    source: String,
    #[serde(deserialize_with = "null")]
    options: Vec<String>,
}

/// A volume with a name.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "PascalCase")]
#[schema(as = SpecVolume)]
struct Volume {
    name: String,
    dest: String,
    #[serde(deserialize_with = "null")]
    options: Vec<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Rest,
}

/// Whose namespace it gets.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecNamespace)]
struct Namespace {
    nsmode: String,
    #[serde(deserialize_with = "null")]
    value: String,
}

/// Which ids of the host its own are: the user's subordinate ones, as always.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecIdMappings)]
struct IdMappings {
    #[serde(rename = "AutoUserNs")]
    auto: bool,
    #[serde(rename = "UIDMap", deserialize_with = "null")]
    #[schema(value_type = Vec<Object>)]
    users: Vec<Value>,
    #[serde(rename = "GIDMap", deserialize_with = "null")]
    #[schema(value_type = Vec<Object>)]
    groups: Vec<Value>,
}

/// Ports of the host that lead to its own.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecPort)]
struct Port {
    host_ip: String,
    host_port: u16,
    container_port: u16,
    range: u16,
    protocol: String,
}

/// What it may use (runtime-spec, config-linux.md, "resources").
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecResources)]
struct Resources {
    #[serde(deserialize_with = "null")]
    memory: Memory,
    #[serde(deserialize_with = "null")]
    cpu: Cpu,
    #[serde(deserialize_with = "null")]
    pids: Pids,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Rest,
}

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecMemory)]
struct Memory {
    limit: Option<i64>,
    swap: Option<i64>,
    reservation: Option<i64>,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Rest,
}

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecCpu)]
struct Cpu {
    shares: Option<i64>,
    period: Option<i64>,
    quota: Option<i64>,
    cpus: String,
    mems: String,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Rest,
}

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecPids)]
struct Pids {
    limit: Option<i64>,
}

/// A limit of setrlimit(2).
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = SpecRlimit)]
struct Rlimit {
    r#type: String,
    soft: u64,
    hard: u64,
}

/// Fields that say what happens anyway, or that only Podman itself reads.
const HARMLESS: &[(&str, &[&str])] = &[
    ("containerCreateCommand", &[]),
    ("raw_image_name", &[]),
    ("volatile", &[]),
    ("httpproxy", &[]),
    ("init_container_type", &[""]),
    ("image_volume_mode", &["anonymous", "bind"]),
    ("systemd", &["true", "false"]),
    ("seccomp_policy", &["default"]),
    ("seccomp_profile_path", &[""]),
    ("read_write_tmpfs", &["true"]),
    ("umask", &["0022"]),
    ("manage_password", &["true"]),
    ("healthLogDestination", &["local"]),
    ("healthMaxLogCount", &["5"]),
    ("healthMaxLogSize", &["500"]),
    ("shm_size", &["65536000"]),
];

impl Create {
    /// The name that is asked for.
    pub fn name(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| !name.is_empty())
    }

    /// The image that is asked for.
    pub fn image(&self) -> &str {
        &self.image
    }

    /// The words of `podling create`.
    pub fn words(self) -> Result<Vec<String>, Failure> {
        self.rest.refuse("", HARMLESS)?;
        for (name, namespace) in [
            ("pidns", &self.pidns),
            ("ipcns", &self.ipcns),
            ("utsns", &self.utsns),
            ("userns", &self.userns),
            ("cgroupns", &self.cgroupns),
        ] {
            if !["", "default", "private", "shareable"].contains(&namespace.nsmode.as_str()) {
                return Err(Failure::absent(format!("{name} ({:?})", namespace.nsmode)));
            }
        }
        if self.idmappings.auto || !self.idmappings.users.is_empty() || !self.idmappings.groups.is_empty() {
            return Err(Failure::absent("idmappings"));
        }
        let mut words = Words::default();
        words.value("name", Some(self.name));
        words.value("hostname", Some(self.hostname));
        words.value("user", Some(self.user));
        words.value("workdir", Some(self.work_dir));
        words.flag("tty", self.terminal);
        words.flag("interactive", self.stdin);
        words.env(&self.env.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())?;
        words.pairs("label", &self.labels);
        words.pairs("annotation", &self.annotations);
        words.value(
            "stop-signal",
            self.stop_signal.map(|signal| match signal {
                Value::String(name) => name,
                number => number.to_string(),
            }),
        );
        words.value("stop-timeout", self.stop_timeout);
        if let Some(entrypoint) = self.entrypoint {
            words.value("entrypoint", Some(serde_json::json!(entrypoint)));
        }
        words.value("log-driver", Some(self.log_configuration.driver));
        words.value(
            "log-opt",
            Some(self.log_configuration.path).filter(|path| !path.is_empty()).map(|path| format!("path={path}")),
        );
        words.value(
            "log-opt",
            (self.log_configuration.size > 0).then(|| format!("max-size={}", self.log_configuration.size)),
        );
        words.pairs("log-opt", &self.log_configuration.options);
        words.value(
            "restart",
            Some(self.restart_policy).filter(|name| name != "no").map(|name| match self.restart_tries {
                Some(times) if times > 0 => format!("{name}:{times}"),
                _ => name,
            }),
        );
        words.value("sdnotify", Some(self.sdnotify_mode));
        words.flag("rm", self.remove);
        words.list("group-add", self.groups);
        words.list("cap-add", self.cap_add);
        words.list("cap-drop", self.cap_drop);
        words.list("security-opt", self.selinux_opts.iter().map(|option| format!("label={option}")));
        words.value("security-opt", self.no_new_privileges.filter(|on| *on).map(|_| "no-new-privileges"));
        words.flag("read-only", self.read_only_filesystem);
        words.value("cgroups", Some(self.cgroups_mode));
        for mount in self.mounts {
            mount.add(&mut words)?;
        }
        for volume in self.volumes {
            volume.rest.refuse("volumes.", &[("IsAnonymous", &[])])?;
            let mut parts = vec![volume.name, volume.dest, volume.options.join(",")];
            parts.retain(|part| !part.is_empty());
            words.list("volume", [parts.join(":")]);
        }
        self.netns.add(&mut words);
        words.list("publish", self.portmappings.iter().map(Port::text));
        words.flag("publish-all", self.publish_image_ports);
        words.list("expose", self.expose.iter().map(|(port, protocol)| format!("{port}/{protocol}")));
        words.list("dns", self.dns_server);
        words.list("dns-search", self.dns_search);
        words.list("dns-option", self.dns_option);
        words.list("add-host", self.hostadd);
        words.flag("no-hosts", self.use_image_hosts);
        self.resource_limits.add(&mut words)?;
        let name = |limit: &Rlimit| limit.r#type.trim_start_matches("RLIMIT_").to_ascii_lowercase();
        words
            .list("ulimit", self.r_limits.iter().map(|limit| format!("{}={}:{}", name(limit), limit.soft, limit.hard)));
        words.finish(&self.image, self.command)
    }
}

impl Mount {
    fn add(self, words: &mut Words) -> Result<(), Failure> {
        match self.r#type.as_str() {
            "tmpfs" if self.options.is_empty() => words.list("tmpfs", [self.destination]),
            "tmpfs" => words.list("tmpfs", [format!("{}:{}", self.destination, self.options.join(","))]),
            "" | "bind" if self.source.contains(':') || self.destination.contains(':') => {
                return Err(Failure::bad(format!("mount {:?}: a colon in it", self.destination)));
            }
            "" | "bind" => {
                let options: Vec<_> = self
                    .options
                    .iter()
                    .filter(|option| !["bind", "rbind"].contains(&option.as_str()))
                    .cloned()
                    .collect();
                let mut parts = vec![self.source, self.destination, options.join(",")];
                parts.retain(|part| !part.is_empty());
                words.list("volume", [parts.join(":")]);
            }
            kind => return Err(Failure::absent(format!("mounts.type ({kind:?})"))),
        }
        Ok(())
    }
}

impl Namespace {
    /// Podman's own words; a bridge is the network of those who are not rootless.
    fn add(self, words: &mut Words) {
        let mode = match self.nsmode.as_str() {
            "" | "default" | "private" | "bridge" => return,
            mode => mode,
        };
        words
            .list("network", [if self.value.is_empty() { mode.to_string() } else { format!("{mode}:{}", self.value) }]);
    }
}

impl Port {
    fn text(&self) -> String {
        let span = |first: u16| match self.range {
            0 | 1 => first.to_string(),
            count => format!("{first}-{}", u32::from(first) + u32::from(count) - 1),
        };
        let host = if self.host_port == 0 { String::new() } else { format!("{}:", span(self.host_port)) };
        let address = match self.host_ip.as_str() {
            "" => String::new(),
            ip if ip.contains(':') => format!("[{ip}]:"),
            ip => format!("{ip}:"),
        };
        let between = if host.is_empty() && !address.is_empty() { ":" } else { "" };
        let protocol = if self.protocol.is_empty() { "tcp" } else { &self.protocol };
        format!("{address}{host}{between}{}/{protocol}", span(self.container_port))
    }
}

impl Resources {
    fn add(self, words: &mut Words) -> Result<(), Failure> {
        self.rest.refuse("resource_limits.", &[])?;
        self.memory.rest.refuse("resource_limits.memory.", &[("swappiness", &["-1"])])?;
        self.cpu.rest.refuse("resource_limits.cpu.", &[])?;
        words.number("memory", self.memory.limit);
        words.number("memory-swap", self.memory.swap);
        words.number("memory-reservation", self.memory.reservation);
        words.number("cpu-shares", self.cpu.shares);
        words.number("cpu-period", self.cpu.period);
        words.number("cpu-quota", self.cpu.quota);
        words.value("cpuset-cpus", Some(self.cpu.cpus));
        words.value("cpuset-mems", Some(self.cpu.mems));
        words.number("pids-limit", self.pids.limit);
        Ok(())
    }
}
