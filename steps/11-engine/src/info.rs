//! What there is to say about the engine and its machine, with Podman's names: `info`, `version`, and their likes
//! over HTTP.
//!
//! The documents are those of libpod's `Info` and `Version`
//! (<https://docs.podman.io/en/latest/_static/api.html#tag/system>). What podling does not have is empty in them.

mod host;
mod machine;
mod store;

use std::path::Path;

use process::Result;
use serde::Serialize;

pub use host::Host;
pub use machine::architecture;
pub use store::Store;

/// The version of libpod's API that podling speaks.
pub const API_VERSION: &str = "5.0.0";

/// libpod's `Info`.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// The machine.
    pub host: Host,
    /// What may be plugged in.
    pub plugins: Plugins,
    /// What registries.conf says; the engine does not know registries.
    pub registries: serde_json::Value,
    /// Where everything is kept.
    pub store: Store,
    /// The program.
    pub version: Version,
}

/// What may be plugged in: only what podling has itself.
#[derive(Debug, Clone, Serialize)]
pub struct Plugins {
    /// There is nobody to authorize: no daemon.
    pub authorization: Option<Vec<String>>,
    /// `--log-driver`.
    pub log: Vec<&'static str>,
    /// `--network`.
    pub network: Vec<&'static str>,
    /// `volume create --driver`.
    pub volume: Vec<&'static str>,
}

/// libpod's `Version`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Version {
    /// Of libpod's API.
    #[serde(rename = "APIVersion")]
    pub api_version: &'static str,
    /// Of podling.
    pub version: &'static str,
    /// Empty: there is no Go in it.
    pub go_version: &'static str,
    /// Empty, as Podman's in a distribution: the version says it.
    pub git_commit: &'static str,
    /// Of `built`.
    pub built_time: &'static str,
    /// Seconds since 1970; 0, because a build has no time: made again, it is the same.
    pub built: i64,
    /// Podman has this field for distributions.
    pub build_origin: &'static str,
    /// `linux/amd64`.
    pub os_arch: String,
    /// `linux`.
    pub os: &'static str,
}

/// The engine whose root is `root`. `registries` is what registries.conf says.
///
/// # Errors
/// When the store or the containers' records cannot be read.
pub fn info(root: &Path, registries: serde_json::Value) -> Result<Info> {
    let plugins = Plugins {
        authorization: None,
        log: vec!["k8s-file", "none", "journald"],
        network: vec!["pasta", "none", "host"],
        volume: vec!["local"],
    };
    Ok(Info { host: Host::look(), plugins, registries, store: Store::look(root)?, version: version() })
}

/// This program.
#[must_use]
pub fn version() -> Version {
    Version {
        api_version: API_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        go_version: "",
        git_commit: "",
        built_time: "Thu Jan  1 00:00:00 1970",
        built: 0,
        build_origin: "",
        os_arch: format!("linux/{}", architecture()),
        os: "linux",
    }
}
