//! The machine, as libpod's `HostInfo`.

use std::path::{Path, PathBuf};
use std::process::Command;

use namespaces::{Extent, IdMap};
use nix::sys::utsname::uname;
use serde::Serialize;

use super::machine;
use crate::foreign;

/// libpod's `HostInfo`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The fields are libpod's, and documented there.
pub struct Host {
    pub arch: &'static str,
    pub buildah_version: &'static str,
    pub cgroup_controllers: Vec<String>,
    pub cgroup_manager: &'static str,
    pub cgroup_version: &'static str,
    pub conmon: Tool,
    pub cpu_utilization: Utilization,
    pub cpus: usize,
    pub database_backend: &'static str,
    pub distribution: Distribution,
    pub event_logger: &'static str,
    pub hostname: String,
    pub id_mappings: IdMappings,
    pub kernel: String,
    pub linkmode: &'static str,
    pub log_driver: &'static str,
    pub mem_free: u64,
    pub mem_total: u64,
    pub network_backend: &'static str,
    pub oci_runtime: Runtime,
    pub os: &'static str,
    pub pasta: Pasta,
    pub remote_socket: Socket,
    pub rootless_network_cmd: &'static str,
    pub security: Security,
    pub service_is_remote: bool,
    pub swap_free: u64,
    pub swap_total: u64,
    pub uptime: String,
    pub variant: &'static str,
}

/// The monitor. It is podling itself, and Podman's clients look for it under this name.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Tool {
    pub package: &'static str,
    pub path: PathBuf,
    pub version: String,
}

/// The OCI runtime of new containers: podling itself, unless another one is chosen.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Runtime {
    pub name: String,
    pub package: &'static str,
    pub path: PathBuf,
    pub version: String,
}

/// Percent, since the machine was started.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Utilization {
    pub idle_percent: f64,
    pub system_percent: f64,
    pub user_percent: f64,
}

/// os-release(5).
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Distribution {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub codename: String,
    pub distribution: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
    pub version: String,
}

/// The ids inside of containers; none for root, who needs no map.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct IdMappings {
    pub gidmap: Option<Vec<Mapping>>,
    pub uidmap: Option<Vec<Mapping>>,
}

/// A line of `/proc/PID/uid_map`.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Mapping {
    pub container_id: u32,
    pub host_id: u32,
    pub size: u32,
}

/// What makes the network of a container. Its path is empty when it is missing.
#[derive(Debug, Clone, Default, Serialize)]
#[allow(missing_docs)]
pub struct Pasta {
    pub executable: PathBuf,
    pub package: String,
    pub version: String,
}

/// Where the service listens, when it does.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Socket {
    pub exists: bool,
    pub path: String,
}

/// What confines a container here.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Security {
    pub apparmor_enabled: bool,
    pub capabilities: String,
    pub rootless: bool,
    pub seccomp_enabled: bool,
    pub seccomp_profile_path: &'static str,
    pub selinux_enabled: bool,
}

impl Host {
    /// Looks at this machine, as the caller.
    #[must_use]
    pub fn look() -> Host {
        let (cgroup_version, cgroup_controllers) = machine::cgroups();
        let [user_percent, system_percent, idle_percent] = machine::utilization();
        let (kernel, hostname) = match uname() {
            Ok(name) => (text(name.release()), text(name.nodename())),
            Err(_) => Default::default(),
        };
        let path = std::env::current_exe().unwrap_or_default();
        let version = format!("podling version {}", env!("CARGO_PKG_VERSION"));
        Host {
            arch: machine::architecture(),
            buildah_version: "",
            cgroup_controllers,
            cgroup_manager: "cgroupfs",
            cgroup_version,
            conmon: Tool { package: "", path: path.clone(), version: version.clone() },
            cpu_utilization: Utilization { idle_percent, system_percent, user_percent },
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            database_backend: "files",
            distribution: distribution(),
            event_logger: "file",
            hostname,
            id_mappings: id_mappings(),
            kernel,
            linkmode: if cfg!(target_feature = "crt-static") { "static" } else { "dynamic" },
            log_driver: "k8s-file",
            mem_free: machine::memory("MemFree"),
            mem_total: machine::memory("MemTotal"),
            network_backend: "pasta",
            oci_runtime: runtime(path, &version),
            os: "linux",
            pasta: pasta(),
            remote_socket: socket(),
            rootless_network_cmd: "pasta",
            security: Security {
                apparmor_enabled: confinement::apparmor::is_enabled(),
                capabilities: capabilities(),
                rootless: namespaces::itself::caller() != 0,
                seccomp_enabled: true,
                seccomp_profile_path: "",
                selinux_enabled: Path::new("/sys/fs/selinux/enforce").exists(),
            },
            service_is_remote: false,
            swap_free: machine::memory("SwapFree"),
            swap_total: machine::memory("SwapTotal"),
            uptime: machine::uptime(),
            variant: "",
        }
    }
}

fn capabilities() -> String {
    let mut names = confinement::CapSet::default_for_root().names();
    names.sort_unstable();
    names.join(",")
}

fn text(name: &std::ffi::OsStr) -> String {
    name.to_string_lossy().into_owned()
}

fn distribution() -> Distribution {
    let known = machine::os_release();
    let of = |name: &str| known.get(name).cloned().unwrap_or_default();
    Distribution {
        codename: of("VERSION_CODENAME"),
        distribution: known.get("ID").cloned().unwrap_or_else(|| "unknown".into()),
        variant: of("VARIANT_ID"),
        version: known.get("VERSION_ID").cloned().unwrap_or_else(|| "unknown".into()),
    }
}

fn id_mappings() -> IdMappings {
    let mappings = |extents: &[Extent]| {
        let mapping =
            |extent: &Extent| Mapping { container_id: extent.inside, host_id: extent.outside, size: extent.count };
        extents.iter().map(mapping).collect()
    };
    // Root maps nobody, and a caller without subordinate ids is told so when it runs something.
    match IdMap::of_caller() {
        Ok(map) if namespaces::itself::caller() != 0 => {
            IdMappings { gidmap: Some(mappings(&map.groups)), uidmap: Some(mappings(&map.users)) }
        }
        _ => IdMappings { gidmap: None, uidmap: None },
    }
}

fn pasta() -> Pasta {
    let Some(executable) = machine::find("pasta") else { return Pasta::default() };
    let said = Command::new(&executable).arg("--version").output();
    let first = |text: &str| text.lines().next().unwrap_or_default().to_string();
    let version = said.map(|output| first(&String::from_utf8_lossy(&output.stdout)));
    Pasta { executable, package: String::new(), version: version.unwrap_or_default() }
}

/// Who does not answer, or is not there, is told by who tries to make a container.
fn runtime(ours: PathBuf, version: &str) -> Runtime {
    let Ok(Some(path)) = foreign::chosen() else {
        return Runtime { name: "podling".into(), package: "", path: ours, version: format!("{version}\nspec: 1.2.0") };
    };
    let said = Command::new(&path).arg("--version").output();
    let version = said.map(|output| String::from_utf8_lossy(&output.stdout).trim_end().to_owned()).unwrap_or_default();
    Runtime { name: foreign::name(&path).into(), package: "", path, version }
}

fn socket() -> Socket {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(|| PathBuf::from("/run"), PathBuf::from);
    let path = runtime.join("podling/podling.sock");
    Socket { exists: path.exists(), path: format!("unix://{}", path.display()) }
}
