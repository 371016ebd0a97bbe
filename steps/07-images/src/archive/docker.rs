//! docker-archive: `manifest.json` lists, for each image, its configuration, layers and names.

use process::{Error, Result, code};
use serde::Deserialize;

use super::{Archive, Candidate, json};
use crate::reference::Reference;
use crate::{Digest, config};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// The images of `archive`.
///
/// # Errors
/// When a document is not what it should be.
pub fn images(archive: &Archive) -> Result<Vec<Candidate>> {
    let items: Vec<Item> = json("manifest.json", &archive.document("manifest.json")?)?;
    items.into_iter().map(|item| candidate(archive, item)).collect()
}

fn candidate(archive: &Archive, item: Item) -> Result<Candidate> {
    let config = archive.document(&item.config)?;
    let layers = item.layers.unwrap_or_default();
    let diff_ids = config::parse(&config)?.diff_ids;
    if diff_ids.len() != layers.len() {
        return Err(Error::new(format!(
            "{} names {} layers, manifest.json {}",
            item.config,
            diff_ids.len(),
            layers.len()
        ))
        .code(code::BAD_MANIFEST));
    }
    let names = item.repo_tags.unwrap_or_default();
    Ok(Candidate {
        manifest: manifest(archive, &config, &diff_ids, &layers)?,
        config,
        layers: layers.into_iter().map(|layer| (layer, None)).collect(),
        names: names.iter().map(|name| Ok(Reference::parse(name)?.normalized())).collect::<Result<_>>()?,
    })
}

/// The format has no manifest with digests, so the image gets one: that of its plain layers.
fn manifest(archive: &Archive, config: &[u8], diff_ids: &[Digest], layers: &[String]) -> Result<Vec<u8>> {
    let mut descriptors = Vec::new();
    for (diff_id, layer) in diff_ids.iter().zip(layers) {
        let (_, size) = archive.find(layer).ok_or_else(|| {
            Error::new(format!("archive has no member {layer}, or it is cut off")).code(code::BAD_ARCHIVE)
        })?;
        descriptors.push(serde_json::json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar",
            "digest": diff_id.to_string(),
            "size": size,
        }));
    }
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": Digest::of(config).to_string(),
            "size": config.len(),
        },
        "layers": descriptors,
    });
    Ok(manifest.to_string().into_bytes())
}
