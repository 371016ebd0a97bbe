//! oci-archive: the OCI image layout in a tar. `index.json` names manifests by digest, a manifest names its
//! configuration and layers by digest.

use std::collections::BTreeMap;

use process::{Error, Result, code};
use serde::Deserialize;

use super::{Archive, Candidate, JSON_LIMIT, json};
use crate::Digest;
use crate::reference::Reference;

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const CONTAINERD_NAME: &str = "io.containerd.image.name";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: Option<String>,
    digest: String,
    size: u64,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    architecture: String,
    os: String,
}

/// A document that is an index or a manifest; one that is both is refused (CVE-2021-41190).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

/// The images of `archive`.
///
/// # Errors
/// When a document is not what it should be.
pub fn images(archive: &Archive) -> Result<Vec<Candidate>> {
    let index: Document = json("index.json", &archive.document("index.json")?)?;
    let manifests =
        index.manifests.ok_or_else(|| Error::new("index.json lists no manifests").code(code::BAD_MANIFEST))?;
    if index.config.is_some() || index.layers.is_some() {
        return Err(Error::new("index.json is an index and a manifest at once").code(code::BAD_MANIFEST));
    }
    manifests.iter().map(|descriptor| candidate(archive, descriptor)).collect()
}

fn candidate(archive: &Archive, top: &Descriptor) -> Result<Candidate> {
    let (mut bytes, mut document) = document(archive, top)?;
    if let Some(manifests) = document.manifests.take() {
        let chosen = manifests
            .iter()
            .find(|descriptor| descriptor.platform.as_ref().is_some_and(Platform::is_ours))
            .ok_or_else(|| {
                Error::new("no image found in manifest list for this architecture").code(code::NO_PLATFORM)
            })?;
        (bytes, document) = self::document(archive, chosen)?;
    }
    let (Some(config), Some(layers), None) = (&document.config, &document.layers, &document.manifests) else {
        return Err(Error::new(format!("{} is not an image manifest", top.digest)).code(code::BAD_MANIFEST));
    };
    let annotations = top.annotations.as_ref();
    let name = annotations.and_then(|all| all.get(CONTAINERD_NAME).or_else(|| all.get(REF_NAME)));
    let mut members = Vec::new();
    for layer in layers {
        let digest = Digest::parse(&layer.digest)?;
        members.push((member(&digest), Some(digest)));
    }
    Ok(Candidate {
        config: blob(archive, config)?,
        manifest: bytes,
        layers: members,
        names: name.map(|name| Ok(Reference::parse(name)?.normalized())).transpose()?.into_iter().collect(),
    })
}

impl Platform {
    fn is_ours(&self) -> bool {
        let ours = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "powerpc64" => "ppc64le",
            other => other,
        };
        self.os == "linux" && self.architecture == ours
    }
}

fn document(archive: &Archive, descriptor: &Descriptor) -> Result<(Vec<u8>, Document)> {
    let bytes = blob(archive, descriptor)?;
    let document: Document = json(&descriptor.digest, &bytes)?;
    if document.manifests.is_some() && (document.config.is_some() || document.layers.is_some()) {
        return Err(
            Error::new(format!("{} is an index and a manifest at once", descriptor.digest)).code(code::BAD_MANIFEST)
        );
    }
    if let (Some(said), Some(is)) = (&descriptor.media_type, &document.media_type)
        && said != is
    {
        return Err(
            Error::new(format!("{} should be {said} and says it is {is}", descriptor.digest)).code(code::BAD_MANIFEST)
        );
    }
    Ok((bytes, document))
}

/// A document by its descriptor; both digest and size must fit.
fn blob(archive: &Archive, descriptor: &Descriptor) -> Result<Vec<u8>> {
    let digest = Digest::parse(&descriptor.digest)?;
    if descriptor.size > JSON_LIMIT {
        return Err(Error::new(format!("{digest} is larger than {JSON_LIMIT} bytes")).code(code::TOO_LARGE));
    }
    let bytes = archive.document(&member(&digest))?;
    if bytes.len() as u64 != descriptor.size || Digest::of(&bytes) != digest {
        return Err(
            Error::new(format!("content of {digest} does not have that digest and size")).code(code::WRONG_DIGEST)
        );
    }
    Ok(bytes)
}

fn member(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}
