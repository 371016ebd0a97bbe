//! What `info` says.

use serde::Serialize;
use utoipa::ToSchema;

/// Docker's `SystemInfo`, as far as there is something to say.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = SystemInfo)]
pub(crate) struct Info {
    #[serde(rename = "ID")]
    id: String,
    containers: usize,
    containers_running: usize,
    containers_paused: usize,
    containers_stopped: usize,
    images: usize,
    driver: String,
    driver_status: Vec<[String; 2]>,
    docker_root_dir: String,
    plugins: Plugins,
    memory_limit: bool,
    swap_limit: bool,
    #[serde(rename = "CpuCfsPeriod")]
    cpu_period: bool,
    #[serde(rename = "CpuCfsQuota")]
    cpu_quota: bool,
    #[serde(rename = "CPUShares")]
    cpu_shares: bool,
    #[serde(rename = "CPUSet")]
    cpu_set: bool,
    pids_limit: bool,
    oom_kill_disable: bool,
    #[serde(rename = "IPv4Forwarding")]
    ipv4_forwarding: bool,
    debug: bool,
    system_time: String,
    logging_driver: String,
    cgroup_driver: String,
    cgroup_version: String,
    kernel_version: String,
    operating_system: String,
    #[serde(rename = "OSVersion")]
    os_version: String,
    #[serde(rename = "OSType")]
    os_type: String,
    architecture: String,
    #[serde(rename = "NCPU")]
    cpus: usize,
    mem_total: u64,
    index_server_address: String,
    name: String,
    labels: Vec<String>,
    experimental_build: bool,
    server_version: String,
    default_runtime: String,
    swarm: Swarm,
    live_restore_enabled: bool,
    security_options: Vec<String>,
    warnings: Vec<String>,
    rootless: bool,
}

/// What may be plugged in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Plugins {
    volume: Vec<String>,
    network: Vec<String>,
    log: Vec<String>,
}

/// There is none.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Swarm {
    local_node_state: String,
}

impl From<engine::info::Info> for Info {
    fn from(info: engine::info::Info) -> Info {
        let (host, store) = (info.host, info.store);
        let can = |controller: &str| host.cgroup_controllers.iter().any(|known| known == controller);
        let words = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let secure = &host.security;
        let options = [
            (secure.apparmor_enabled, "name=apparmor"),
            (secure.seccomp_enabled, "name=seccomp,profile=default"),
            (secure.rootless, "name=rootless"),
            (secure.selinux_enabled, "name=selinux"),
        ];
        Info {
            id: host.hostname.clone(),
            containers: store.container_store.number,
            containers_running: store.container_store.running,
            containers_paused: store.container_store.paused,
            containers_stopped: store.container_store.stopped,
            images: store.image_store.number,
            driver: store.graph_driver_name.to_string(),
            driver_status: store
                .graph_status
                .iter()
                .map(|(name, value)| [name.to_string(), value.to_string()])
                .collect(),
            docker_root_dir: store.graph_root.display().to_string(),
            plugins: Plugins {
                volume: words(&info.plugins.volume),
                network: words(&info.plugins.network),
                log: words(&info.plugins.log),
            },
            memory_limit: can("memory"),
            swap_limit: can("memory"),
            cpu_period: can("cpu"),
            cpu_quota: can("cpu"),
            cpu_shares: can("cpu"),
            cpu_set: can("cpuset"),
            pids_limit: can("pids"),
            oom_kill_disable: false,
            ipv4_forwarding: true,
            debug: false,
            system_time: jiff::Timestamp::now().to_string(),
            logging_driver: host.log_driver.to_string(),
            cgroup_driver: host.cgroup_manager.to_string(),
            cgroup_version: host.cgroup_version.trim_start_matches('v').to_string(),
            kernel_version: host.kernel,
            operating_system: host.distribution.distribution,
            os_version: host.distribution.version,
            os_type: host.os.to_string(),
            architecture: host.arch.to_string(),
            cpus: host.cpus,
            mem_total: host.mem_total,
            index_server_address: String::new(),
            name: host.hostname,
            labels: Vec::new(),
            experimental_build: false,
            server_version: info.version.version.to_string(),
            default_runtime: host.oci_runtime.name.to_string(),
            swarm: Swarm { local_node_state: "inactive".to_string() },
            live_restore_enabled: true,
            security_options: options.iter().filter(|(on, _)| *on).map(|(_, text)| text.to_string()).collect(),
            warnings: Vec::new(),
            rootless: host.security.rootless,
        }
    }
}
