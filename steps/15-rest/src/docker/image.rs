//! Images, as both APIs show them.

use std::collections::BTreeMap;

use images::Image;
use serde::Serialize;
use utoipa::ToSchema;

/// A line of `images`. Docker's, with Podman's fields below `/libpod`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImageSummary {
    id: String,
    parent_id: String,
    repo_tags: Vec<String>,
    repo_digests: Vec<String>,
    /// Seconds since 1970.
    created: i64,
    size: u64,
    shared_size: i64,
    virtual_size: u64,
    labels: BTreeMap<String, String>,
    /// -1: not counted.
    containers: i64,
    #[serde(flatten)]
    libpod: Option<LibpodImage>,
}

/// What Podman says of an image besides.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LibpodImage {
    names: Vec<String>,
    digest: String,
    arch: String,
    os: String,
    dangling: bool,
}

impl ImageSummary {
    pub(crate) fn new(image: &Image, libpod: bool) -> ImageSummary {
        let time = image.created.parse::<jiff::Timestamp>();
        ImageSummary {
            id: if libpod { image.id.clone() } else { format!("sha256:{}", image.id) },
            parent_id: String::new(),
            repo_tags: image.repo_tags().into_iter().map(str::to_string).collect(),
            repo_digests: image.known_digests(),
            created: time.map_or(0, jiff::Timestamp::as_second),
            size: image.size,
            shared_size: if libpod { 0 } else { -1 },
            virtual_size: image.size,
            labels: image.config.labels.clone(),
            containers: if libpod { 0 } else { -1 },
            libpod: libpod.then(|| LibpodImage {
                names: image.names.clone(),
                digest: image.digest.clone(),
                arch: image.config.architecture.clone(),
                os: "linux".to_string(),
                dangling: image.names.is_empty(),
            }),
        }
    }
}

/// Docker's `ImageInspect`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImageInspect {
    id: String,
    repo_tags: Vec<String>,
    repo_digests: Vec<String>,
    parent: String,
    comment: String,
    created: String,
    docker_version: String,
    author: String,
    config: ImageConfig,
    architecture: String,
    os: String,
    size: u64,
    virtual_size: u64,
    #[serde(rename = "RootFS")]
    root_fs: RootFs,
}

/// How to run it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImageConfig {
    user: String,
    env: Vec<String>,
    cmd: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    working_dir: String,
    labels: BTreeMap<String, String>,
    exposed_ports: BTreeMap<String, Empty>,
    volumes: BTreeMap<String, Empty>,
    stop_signal: String,
}

/// Go's way to write a set.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Empty {}

/// The layers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RootFs {
    r#type: String,
    layers: Vec<String>,
}

impl From<Image> for ImageInspect {
    fn from(image: Image) -> ImageInspect {
        let set = |list: Vec<String>| list.into_iter().map(|name| (name, Empty {})).collect();
        let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
        ImageInspect {
            id: format!("sha256:{}", image.id),
            repo_tags: image.repo_tags().into_iter().map(str::to_string).collect(),
            repo_digests: image.known_digests(),
            parent: String::new(),
            comment: String::new(),
            docker_version: String::new(),
            author: String::new(),
            architecture: image.config.architecture,
            os: "linux".to_string(),
            size: image.size,
            virtual_size: image.size,
            root_fs: RootFs { r#type: "layers".to_string(), layers: image.layers },
            created: image.created,
            config: ImageConfig {
                user: image.config.user,
                env: image.config.env,
                cmd: some(image.config.cmd),
                entrypoint: some(image.config.entrypoint),
                working_dir: image.config.workdir,
                labels: image.config.labels,
                exposed_ports: set(image.config.exposed_ports),
                volumes: set(image.config.volumes),
                stop_signal: image.config.stop_signal,
            },
        }
    }
}
