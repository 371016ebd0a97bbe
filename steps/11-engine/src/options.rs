//! What a new container is asked to be.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cgroups::{Limits, Placement};
use namespaces::UserMap;
use network::Network;
use process::{Error, Result, code};
use rootfs::Volume;
use serde::{Deserialize, Serialize};

use crate::restart::Restart;
use crate::spaces::Spaces;

/// All that `create` was told, on the command line or over HTTP; a part of the container's record, so that every start
/// is the same. Nothing in it depends on the caller any more: variables are looked up, paths are absolute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The image, as the user calls it.
    pub image: String,
    /// The program's arguments; empty for the image's.
    pub command: Vec<String>,
    /// `--entrypoint`, taken apart.
    pub entrypoint: Option<Vec<String>>,
    /// `NAME=value` each.
    pub env: Vec<String>,
    /// Where to start; `None` is the image's choice.
    pub workdir: Option<String>,
    /// `--user`.
    pub user: Option<String>,
    /// Further groups.
    pub groups: Vec<String>,
    /// `--hostname`.
    pub hostname: Option<String>,
    /// `--name`.
    pub name: Option<String>,
    /// `-v` each, with absolute paths of the host.
    pub volumes: Vec<String>,
    /// `--mount` each.
    pub mounts: Vec<String>,
    /// `--tmpfs` each.
    pub tmpfs: Vec<String>,
    /// Its network.
    pub network: Network,
    /// What it may use.
    pub limits: Limits,
    /// Where its cgroup is.
    pub cgroups: Placement,
    /// Labels, beside those of the image.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// `--rm`.
    pub remove: bool,
    /// `-t`.
    pub terminal: bool,
    /// `-i`.
    pub interactive: bool,
    /// What happens when it ends.
    pub restart: Restart,
    /// `--stop-signal`; `None` is the image's, or SIGTERM.
    pub stop_signal: Option<String>,
    /// Seconds that `stop` waits before it kills; `None` is 10.
    pub stop_timeout: Option<u64>,
    /// What is kept of its output.
    pub log: LogOptions,
    /// `--cap-add`.
    pub cap_add: Vec<String>,
    /// `--cap-drop`.
    pub cap_drop: Vec<String>,
    /// `--security-opt`.
    pub security: Vec<String>,
    /// `--ulimit`.
    pub ulimits: Vec<String>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--read-only-tmpfs=false`.
    pub no_tmpfs: bool,
    /// `--device` each.
    pub devices: Vec<String>,
    /// `--sysctl` each.
    pub sysctls: Vec<String>,
    /// Bytes of `/dev/shm`; `None` is the default.
    pub shm_size: Option<u64>,
    /// `--init`.
    pub init: bool,
    /// `--init-path`.
    pub init_path: Option<PathBuf>,
    /// `--userns`, `--uidmap`, `--gidmap`.
    pub users: UserMap,
    /// `--pid`, `--ipc`, `--uts`.
    pub spaces: Spaces,
    /// `--privileged`.
    pub privileged: bool,
    /// `--explain`.
    pub explain: bool,
    /// Who tells systemd that it is ready.
    pub sdnotify: Notify,
    /// Gets the process id of its first process at each start.
    pub pidfile: Option<PathBuf>,
    /// Gets the process id of its monitor at each start.
    pub monitor_pidfile: Option<PathBuf>,
    /// The program that makes it and its processes, in the place of our runtime.
    pub runtime: Option<PathBuf>,
    /// The whole command line that made it, for `generate systemd`.
    pub create_command: Vec<String>,
}

/// The annotation that names the file of `--cidfile`, as Podman's.
pub const CID_FILE: &str = "io.podman.annotations.cid-file";

/// What is kept of a container's output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogOptions {
    /// How.
    pub driver: LogDriver,
    /// Where, for a file; `None` is the container's directory.
    pub path: Option<String>,
    /// The most bytes; 0 is no limit.
    pub max_size: u64,
    /// `--log-opt tag=`.
    pub tag: Option<String>,
}

/// Podman's names of where a log goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDriver {
    /// A file beside the container.
    #[default]
    K8sFile,
    /// systemd's journal.
    Journald,
    /// Nowhere.
    None,
}

impl LogDriver {
    /// Reads Podman's name. `json-file` is `k8s-file`, as there.
    ///
    /// # Errors
    /// Any other name.
    pub fn parse(name: &str) -> Result<LogDriver> {
        match name {
            "" | "k8s-file" | "json-file" | "file" => Ok(LogDriver::K8sFile),
            "journald" => Ok(LogDriver::Journald),
            "none" => Ok(LogDriver::None),
            _ => Err(Error::new(format!("invalid log driver {name}: not one of k8s-file, journald, none"))
                .code(code::BAD_VALUE)),
        }
    }

    /// Podman's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LogDriver::K8sFile => "k8s-file",
            LogDriver::Journald => "journald",
            LogDriver::None => "none",
        }
    }
}

/// Who tells systemd that a service is ready (`--sdnotify`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// The program in the container.
    #[default]
    Container,
    /// The monitor, once the program runs.
    Conmon,
    /// Nobody.
    Ignore,
}

impl Options {
    /// Checks what needs no image, and completes what is open.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<()> {
        if let Some(relative) = self.workdir.as_ref().filter(|path| !path.starts_with('/')) {
            return Err(Error::new(format!(
                "the working directory \"{relative}\" is invalid, it needs to be an absolute path"
            ))
            .code(code::BAD_VALUE));
        }
        if self.remove && self.restart != Restart::No {
            return Err(Error::new(
                "the --rm option conflicts with --restart, when the restartPolicy is not \"\" and \"no\"",
            )
            .code(code::CONFLICT));
        }
        self.check_spaces()?;
        let volumes = self.volumes()?;
        for (index, volume) in volumes.iter().enumerate() {
            if volumes[..index].iter().any(|other| other.destination == volume.destination) {
                return Err(Error::new(format!("{}: duplicate mount destination", volume.destination.display()))
                    .code(code::DUPLICATE_MOUNT));
            }
        }
        Ok(())
    }

    /// What is mounted from the host and from volumes, as it was asked for.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn volumes(&self) -> Result<Vec<Volume>> {
        let volumes = self.volumes.iter().map(|text| Volume::parse(text));
        let mounts = self.mounts.iter().map(|text| Volume::parse_mount(text));
        let tmpfs = self.tmpfs.iter().map(|text| Volume::parse_tmpfs(text));
        volumes.chain(mounts).chain(tmpfs).collect()
    }
}
