//! Containers, as Podman lists them.

use std::collections::BTreeMap;

use engine::{Record, Status};
use images::Image;
use serde::Serialize;
use utoipa::ToSchema;

use crate::docker::container::{labels, seconds};
use crate::docker::image::Empty;

/// A line of `ps`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListContainer {
    auto_remove: bool,
    command: Vec<String>,
    /// RFC 3339.
    created: String,
    exit_code: u8,
    exited: bool,
    /// Seconds since 1970.
    exited_at: i64,
    id: String,
    image: String,
    #[serde(rename = "ImageID")]
    image_id: String,
    is_infra: bool,
    labels: BTreeMap<String, String>,
    mounts: Vec<String>,
    names: Vec<String>,
    namespaces: Empty,
    networks: Vec<String>,
    pid: u32,
    pod: String,
    pod_name: String,
    ports: Vec<PortMapping>,
    restarts: u32,
    started_at: i64,
    state: &'static str,
    status: String,
}

/// A port of the container, and the host's that leads to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PortMapping {
    host_ip: String,
    container_port: u16,
    host_port: u16,
    range: u16,
    protocol: String,
}

impl ListContainer {
    pub(crate) fn new(record: &Record, status: &Status, image: Option<&Image>) -> ListContainer {
        let (options, life) = (&record.options, &status.life);
        let ports = options.network.ports.iter().map(|port| PortMapping {
            host_ip: port.host_ip.map(|ip| ip.to_string()).unwrap_or_default(),
            container_port: port.container_port,
            host_port: port.host_port,
            range: 1,
            protocol: port.protocol.to_string(),
        });
        let mounts = crate::docker::container::mounts(record);
        ListContainer {
            auto_remove: options.remove,
            command: record.command.clone(),
            created: record.created.clone(),
            exit_code: life.exit_code.unwrap_or(0),
            exited: !life.finished.is_empty(),
            exited_at: seconds(&life.finished),
            id: record.id.clone(),
            image: record.image.clone(),
            image_id: record.image_id.clone(),
            is_infra: false,
            labels: labels(record, image),
            mounts: mounts.into_iter().map(|mount| mount.destination().to_string()).collect(),
            names: vec![record.name.clone()],
            namespaces: Empty {},
            networks: Vec::new(),
            pid: life.pid.filter(|_| status.is_running()).unwrap_or(0),
            pod: String::new(),
            pod_name: String::new(),
            ports: ports.collect(),
            restarts: life.restarts,
            started_at: seconds(&life.started),
            state: status.phase.name(),
            // Podman's clients make the line themselves; this is for a health check's word.
            status: String::new(),
        }
    }
}
