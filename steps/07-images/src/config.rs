//! The image configuration: what to run, as whom, where; and which layers make the file system.

use std::collections::BTreeMap;

use process::{Error, Result, code};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Digest;

/// How to run the image: `config` of the OCI image configuration, with the fields around it that matter later.
/// Absent values are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The program, before `cmd`.
    pub entrypoint: Vec<String>,
    /// Its arguments, replaced by those of the command line.
    pub cmd: Vec<String>,
    /// `NAME=value`.
    pub env: Vec<String>,
    /// The directory to start in; empty is `/`.
    pub workdir: String,
    /// `user`, `uid`, `user:group`, `uid:gid`; empty is root.
    pub user: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Paths that want an anonymous volume.
    pub volumes: Vec<String>,
    /// `80/tcp`.
    pub exposed_ports: Vec<String>,
    /// `SIGTERM` or a number; empty is SIGTERM.
    pub stop_signal: String,
    /// In Go's words: `amd64`, `arm64`.
    pub architecture: String,
}

/// The document: OCI image spec, config.md. Unknown fields (Docker's) are skipped, a doubled one is an error.
#[derive(Deserialize)]
struct Document {
    #[serde(default, deserialize_with = "null")]
    architecture: String,
    created: Option<String>,
    config: Option<Section>,
    rootfs: RootFs,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Section {
    #[serde(deserialize_with = "null")]
    entrypoint: Vec<String>,
    #[serde(deserialize_with = "null")]
    cmd: Vec<String>,
    #[serde(deserialize_with = "null")]
    env: Vec<String>,
    #[serde(deserialize_with = "null")]
    working_dir: String,
    #[serde(deserialize_with = "null")]
    user: String,
    #[serde(deserialize_with = "null")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "null")]
    volumes: BTreeMap<String, serde::de::IgnoredAny>,
    #[serde(deserialize_with = "null")]
    exposed_ports: BTreeMap<String, serde::de::IgnoredAny>,
    #[serde(deserialize_with = "null")]
    stop_signal: String,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default, deserialize_with = "null")]
    diff_ids: Vec<String>,
}

/// `null` is the empty value, as Go writes it.
fn null<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What is in a configuration.
pub struct Parsed {
    /// How to run it.
    pub config: Config,
    /// When it was made (RFC 3339), if it says so.
    pub created: Option<String>,
    /// The digests of the layers' plain tars, lowest first.
    pub diff_ids: Vec<Digest>,
}

/// Parses an image configuration.
///
/// # Errors
/// When it is not one.
pub fn parse(bytes: &[u8]) -> Result<Parsed> {
    let document: Document = serde_json::from_slice(bytes)
        .map_err(|error| Error::because("parsing image configuration", error).code(code::BAD_MANIFEST))?;
    let section = document.config.unwrap_or_default();
    Ok(Parsed {
        created: document.created,
        diff_ids: document.rootfs.diff_ids.iter().map(|text| Digest::parse(text)).collect::<Result<_>>()?,
        config: Config {
            entrypoint: section.entrypoint,
            cmd: section.cmd,
            env: section.env,
            workdir: section.working_dir,
            user: section.user,
            labels: section.labels,
            volumes: section.volumes.into_keys().collect(),
            exposed_ports: section.exposed_ports.into_keys().collect(),
            stop_signal: section.stop_signal,
            architecture: document.architecture,
        },
    })
}
