//! Containers, as Docker shows them.

use std::collections::BTreeMap;

use engine::{Phase, Record, Status};
use images::Image;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::image::Empty;
use crate::age::since;

/// A line of `ps`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ContainerSummary {
    id: String,
    /// Each with a slash before it.
    names: Vec<String>,
    image: String,
    #[serde(rename = "ImageID")]
    image_id: String,
    command: String,
    /// Seconds since 1970.
    created: i64,
    ports: Vec<PortSummary>,
    labels: BTreeMap<String, String>,
    state: &'static str,
    status: String,
    host_config: HostConfigSummary,
    network_settings: Networks,
    mounts: Vec<MountPoint>,
}

/// A port of the container, and the host's that leads to it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PortSummary {
    #[serde(rename = "IP", skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    private_port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_port: Option<u16>,
    r#type: String,
}

/// Which network.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HostConfigSummary {
    network_mode: String,
}

/// Networks that have a name of their own: there are none.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Networks {
    networks: BTreeMap<String, Empty>,
}

/// What is mounted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MountPoint {
    r#type: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    source: String,
    destination: String,
    mode: String,
    #[serde(rename = "RW")]
    writable: bool,
    propagation: String,
}

impl MountPoint {
    /// Where the container sees it.
    pub(crate) fn destination(&self) -> &str {
        &self.destination
    }
}

/// Docker's word for what a container does.
pub(crate) fn state(phase: Phase) -> &'static str {
    match phase {
        Phase::Created | Phase::Initialized => "created",
        Phase::Running => "running",
        Phase::Paused => "paused",
        Phase::Exited => "exited",
    }
}

/// The same, for a person.
pub(crate) fn status_line(status: &Status) -> String {
    match status.phase {
        Phase::Created | Phase::Initialized => "Created".to_string(),
        Phase::Running => format!("Up {}", since(&status.life.started)),
        Phase::Paused => format!("Up {} (Paused)", since(&status.life.started)),
        Phase::Exited => {
            let code = status.life.exit_code.unwrap_or_default();
            format!("Exited ({code}) {} ago", since(&status.life.finished))
        }
    }
}

/// Seconds since 1970; 0 for never.
pub(crate) fn seconds(time: &str) -> i64 {
    time.parse().map_or(0, jiff::Timestamp::as_second)
}

/// Docker's time: the year 1 for never.
pub(crate) fn time(time: &str) -> String {
    if time.is_empty() { "0001-01-01T00:00:00Z".to_string() } else { time.to_string() }
}

/// The container's labels, and those of its image that it did not replace.
pub(crate) fn labels(record: &Record, image: Option<&Image>) -> BTreeMap<String, String> {
    let mut labels = image.map(|image| image.config.labels.clone()).unwrap_or_default();
    labels.extend(record.options.labels.clone());
    labels
}

impl ContainerSummary {
    pub(crate) fn new(record: &Record, status: &Status, image: Option<&Image>) -> ContainerSummary {
        let network = &record.options.network;
        let published = network.ports.iter().map(|port| PortSummary {
            ip: Some(port.address().to_string()),
            private_port: port.container_port,
            public_port: Some(port.host_port),
            r#type: port.protocol.to_string(),
        });
        let is_published = |port: u16| network.ports.iter().any(|known| known.container_port == port);
        let exposed = network.exposed.iter().filter(|exposed| !is_published(exposed.port)).map(|exposed| PortSummary {
            ip: None,
            private_port: exposed.port,
            public_port: None,
            r#type: exposed.protocol.to_string(),
        });
        ContainerSummary {
            id: record.id.clone(),
            names: vec![format!("/{}", record.name)],
            image: record.image.clone(),
            image_id: format!("sha256:{}", record.image_id),
            command: record.command.join(" "),
            created: seconds(&record.created),
            ports: published.chain(exposed).collect(),
            labels: labels(record, image),
            state: state(status.phase),
            status: status_line(status),
            host_config: HostConfigSummary { network_mode: network.mode.name().to_string() },
            network_settings: Networks::default(),
            mounts: mounts(record),
        }
    }
}

/// What of the host and which volumes it sees.
pub(crate) fn mounts(record: &Record) -> Vec<MountPoint> {
    let volumes = record.volumes.iter().map(|volume| MountPoint {
        r#type: "volume",
        name: volume.name.clone(),
        source: String::new(),
        destination: volume.destination.clone(),
        mode: volume.options.join(","),
        writable: !volume.options.iter().any(|option| option == "ro"),
        propagation: String::new(),
    });
    let binds = record.options.volumes.iter().filter_map(|text| {
        let mut parts = text.split(':');
        let (source, destination) = (parts.next()?, parts.next()?);
        let options = parts.next().unwrap_or_default();
        source.starts_with('/').then(|| MountPoint {
            r#type: "bind",
            name: String::new(),
            source: source.to_string(),
            destination: destination.to_string(),
            mode: options.to_string(),
            writable: !options.split(',').any(|option| option == "ro"),
            propagation: "rprivate".to_string(),
        })
    });
    volumes.chain(binds).collect()
}

/// Docker's `ContainerInspectResponse`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ContainerInspect {
    id: String,
    created: String,
    path: String,
    args: Vec<String>,
    state: State,
    image: String,
    resolv_conf_path: String,
    hostname_path: String,
    hosts_path: String,
    log_path: String,
    name: String,
    restart_count: u32,
    driver: &'static str,
    platform: &'static str,
    mount_label: String,
    process_label: String,
    app_armor_profile: String,
    #[serde(rename = "ExecIDs")]
    exec_ids: Vec<String>,
    host_config: HostConfig,
    graph_driver: GraphDriver,
    mounts: Vec<MountPoint>,
    config: Config,
    network_settings: NetworkSettings,
}

/// What it does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ContainerState)]
pub(crate) struct State {
    status: &'static str,
    running: bool,
    paused: bool,
    restarting: bool,
    #[serde(rename = "OOMKilled")]
    oom_killed: bool,
    dead: bool,
    pid: u32,
    exit_code: u8,
    error: String,
    started_at: String,
    finished_at: String,
}

/// What the host gives to it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HostConfig {
    binds: Vec<String>,
    #[serde(rename = "ContainerIDFile")]
    container_id_file: String,
    log_config: LogConfig,
    network_mode: String,
    #[schema(value_type = Object)]
    port_bindings: Value,
    restart_policy: RestartPolicy,
    auto_remove: bool,
    volumes_from: Vec<String>,
    cap_add: Vec<String>,
    cap_drop: Vec<String>,
    dns: Vec<String>,
    extra_hosts: Vec<String>,
    group_add: Vec<String>,
    ipc_mode: &'static str,
    pid_mode: &'static str,
    privileged: bool,
    publish_all_ports: bool,
    readonly_rootfs: bool,
    security_opt: Vec<String>,
    memory: u64,
    memory_swap: i64,
    memory_reservation: u64,
    nano_cpus: i64,
    cpu_shares: u64,
    cpu_period: u64,
    cpu_quota: i64,
    cpuset_cpus: String,
    cpuset_mems: String,
    pids_limit: i64,
}

/// What is kept of its output.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LogConfig {
    r#type: &'static str,
    config: BTreeMap<String, String>,
}

/// What happens when it ends.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RestartPolicy {
    name: &'static str,
    maximum_retry_count: u32,
}

/// How its root is made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GraphDriver {
    name: &'static str,
    data: BTreeMap<String, String>,
}

/// What it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ContainerConfig)]
pub(crate) struct Config {
    hostname: String,
    domainname: String,
    user: String,
    attach_stdin: bool,
    attach_stdout: bool,
    attach_stderr: bool,
    exposed_ports: BTreeMap<String, Empty>,
    tty: bool,
    open_stdin: bool,
    stdin_once: bool,
    env: Vec<String>,
    cmd: Vec<String>,
    image: String,
    volumes: BTreeMap<String, Empty>,
    working_dir: String,
    entrypoint: Option<Vec<String>>,
    labels: BTreeMap<String, String>,
    stop_signal: String,
    stop_timeout: u64,
}

/// Its network.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NetworkSettings {
    #[schema(value_type = Object)]
    ports: Value,
    networks: BTreeMap<String, Empty>,
    gateway: String,
    #[serde(rename = "IPAddress")]
    ip_address: String,
    mac_address: String,
}

impl ContainerInspect {
    pub(crate) fn new(
        record: &Record,
        status: &Status,
        image: Option<&Image>,
        log_path: String,
        execs: Vec<String>,
    ) -> Self {
        let (options, life, label) = (&record.options, &status.life, record.label.as_ref());
        let config = image.map(|image| image.config.clone()).unwrap_or_default();
        let (path, args) = record
            .command
            .split_first()
            .map_or((String::new(), Vec::new()), |(path, args)| (path.clone(), args.to_vec()));
        ContainerInspect {
            id: record.id.clone(),
            created: record.created.clone(),
            path,
            args,
            state: State {
                status: state(status.phase),
                running: status.is_running(),
                paused: status.phase == Phase::Paused,
                restarting: false,
                oom_killed: life.oom_killed,
                dead: false,
                pid: life.pid.filter(|_| status.is_running()).unwrap_or(0),
                exit_code: life.exit_code.unwrap_or(0),
                error: life.error.clone(),
                started_at: time(&life.started),
                finished_at: time(&life.finished),
            },
            image: format!("sha256:{}", record.image_id),
            resolv_conf_path: String::new(),
            hostname_path: String::new(),
            hosts_path: String::new(),
            log_path,
            name: format!("/{}", record.name),
            restart_count: life.restarts,
            driver: "overlay",
            platform: "linux",
            mount_label: label.map(|label| label.mount.clone()).unwrap_or_default(),
            process_label: label.and_then(|label| label.process.clone()).unwrap_or_default(),
            app_armor_profile: String::new(),
            exec_ids: execs,
            host_config: host_config(record),
            graph_driver: GraphDriver { name: "overlay", data: BTreeMap::new() },
            mounts: mounts(record),
            config: Config {
                hostname: options.hostname.clone().unwrap_or_else(|| record.short().to_string()),
                domainname: String::new(),
                user: options.user.clone().unwrap_or(config.user),
                attach_stdin: options.interactive,
                attach_stdout: true,
                attach_stderr: true,
                exposed_ports: options.network.exposed.iter().map(|exposed| (exposed.to_string(), Empty {})).collect(),
                tty: options.terminal,
                open_stdin: options.interactive,
                stdin_once: false,
                env: config.env.iter().chain(&options.env).cloned().collect(),
                cmd: if options.command.is_empty() { config.cmd } else { options.command.clone() },
                image: record.image.clone(),
                volumes: config.volumes.into_iter().map(|name| (name, Empty {})).collect(),
                working_dir: options.workdir.clone().unwrap_or(config.workdir),
                entrypoint: options.entrypoint.clone().or(Some(config.entrypoint)).filter(|words| !words.is_empty()),
                labels: labels(record, image),
                stop_signal: options.stop_signal.clone().unwrap_or_else(|| match config.stop_signal.is_empty() {
                    true => "SIGTERM".to_string(),
                    false => config.stop_signal.clone(),
                }),
                stop_timeout: options.stop_timeout.unwrap_or(10),
            },
            network_settings: NetworkSettings {
                ports: network::ports::settings(&options.network),
                networks: BTreeMap::new(),
                gateway: String::new(),
                ip_address: String::new(),
                mac_address: String::new(),
            },
        }
    }
}

fn host_config(record: &Record) -> HostConfig {
    let options = &record.options;
    let limits = &options.limits;
    let retries = match options.restart {
        engine::restart::Restart::OnFailure(times) => times,
        _ => 0,
    };
    HostConfig {
        binds: options.volumes.clone(),
        container_id_file: String::new(),
        log_config: LogConfig {
            // Docker's clients know this name of a file.
            r#type: if options.log.driver.name() == "k8s-file" { "json-file" } else { options.log.driver.name() },
            config: BTreeMap::new(),
        },
        network_mode: options.network.mode.name().to_string(),
        port_bindings: network::ports::bindings(&options.network),
        restart_policy: RestartPolicy { name: options.restart.name(), maximum_retry_count: retries },
        auto_remove: options.remove,
        volumes_from: Vec::new(),
        cap_add: options.cap_add.clone(),
        cap_drop: options.cap_drop.clone(),
        dns: Vec::new(),
        extra_hosts: Vec::new(),
        group_add: options.groups.clone(),
        ipc_mode: "private",
        pid_mode: "",
        privileged: false,
        publish_all_ports: options.network.publish_all,
        readonly_rootfs: options.read_only,
        security_opt: options.security.clone(),
        memory: limits.memory.unwrap_or(0),
        memory_swap: limits.memory_swap.unwrap_or(0),
        memory_reservation: limits.memory_reservation.unwrap_or(0),
        nano_cpus: 0,
        cpu_shares: limits.cpu_shares.unwrap_or(0),
        cpu_period: limits.cpu_period.unwrap_or(0),
        cpu_quota: limits.cpu_quota.unwrap_or(0),
        cpuset_cpus: limits.cpuset_cpus.clone().unwrap_or_default(),
        cpuset_mems: limits.cpuset_mems.clone().unwrap_or_default(),
        pids_limit: limits.pids.unwrap_or(0),
    }
}
