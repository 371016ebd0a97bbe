//! What `version` says.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::{DOCKER_VERSION, LIBPOD_VERSION};

/// Docker's `Version`; Podman answers with it below `/libpod` too.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Version {
    platform: Platform,
    components: Vec<Component>,
    version: String,
    api_version: String,
    #[serde(rename = "MinAPIVersion")]
    min_api_version: String,
    git_commit: String,
    go_version: String,
    os: String,
    arch: String,
    kernel_version: String,
    build_time: String,
}

/// What the server runs on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Platform {
    name: String,
}

/// A part of the engine.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Component {
    name: String,
    version: String,
    details: BTreeMap<&'static str, String>,
}

impl Version {
    pub(crate) fn look() -> Version {
        let host = engine::info::Host::look();
        let version = env!("CARGO_PKG_VERSION").to_string();
        let details = BTreeMap::from([
            ("APIVersion", LIBPOD_VERSION.0.to_string()),
            ("Arch", host.arch.to_string()),
            ("Experimental", "false".to_string()),
            ("KernelVersion", host.kernel.clone()),
            ("MinAPIVersion", LIBPOD_VERSION.1.to_string()),
            ("Os", host.os.to_string()),
        ]);
        let system = host.distribution;
        Version {
            platform: Platform {
                name: format!("{}/{}/{}-{}", host.os, host.arch, system.distribution, system.version),
            },
            components: vec![Component { name: "Podling Engine".to_string(), version: version.clone(), details }],
            version,
            api_version: DOCKER_VERSION.0.to_string(),
            min_api_version: DOCKER_VERSION.1.to_string(),
            git_commit: String::new(),
            go_version: String::new(),
            os: host.os.to_string(),
            arch: host.arch.to_string(),
            kernel_version: host.kernel,
            build_time: String::new(),
        }
    }
}
