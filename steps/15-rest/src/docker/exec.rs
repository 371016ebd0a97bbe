//! Further programs in a container.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to be run. Podman's clients send the same document.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", default)]
#[schema(as = ExecCreate)]
pub(crate) struct Asked {
    pub attach_stdin: bool,
    pub attach_stdout: bool,
    pub attach_stderr: bool,
    /// The client's own.
    pub detach_keys: Option<String>,
    pub tty: bool,
    pub env: Option<Vec<String>>,
    pub cmd: Vec<String>,
    pub privileged: bool,
    pub user: Option<String>,
    pub working_dir: Option<String>,
}

/// Docker's `ExecInspectResponse`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExecInspect {
    #[serde(rename = "ID")]
    pub id: String,
    #[serde(rename = "ContainerID")]
    pub container_id: String,
    pub running: bool,
    /// `null` before the end.
    pub exit_code: Option<i32>,
    pub process_config: ProcessConfig,
    pub open_stdin: bool,
    pub open_stdout: bool,
    pub open_stderr: bool,
    pub can_remove: bool,
    /// The process that runs it, as the service sees it.
    pub pid: u32,
    pub detach_keys: String,
}

/// What is run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProcessConfig {
    pub entrypoint: String,
    pub arguments: Vec<String>,
    pub tty: bool,
    pub privileged: bool,
    pub user: String,
}
