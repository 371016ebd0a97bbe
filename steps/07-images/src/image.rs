//! An image, as the store knows it.

use serde::{Deserialize, Serialize};

use crate::Config;
use crate::reference::split;

/// An image of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The sha256 of its configuration, 64 digits.
    pub id: String,
    /// Its full names.
    pub names: Vec<String>,
    /// `sha256:...` of its manifest.
    pub digest: String,
    /// `repository@sha256:...` of manifests and lists by which repositories are known to have it.
    #[serde(default)]
    pub repo_digests: Vec<String>,
    /// When it was made, RFC 3339.
    pub created: String,
    /// Bytes of its plain layers and documents.
    pub size: u64,
    /// Diff IDs, `sha256:...`, lowest first.
    pub layers: Vec<String>,
    /// How to run it.
    pub config: Config,
}

impl Image {
    /// Its `repository:tag` names.
    #[must_use]
    pub fn repo_tags(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).filter(|name| !name.contains('@')).collect()
    }

    /// Whether a manifest or list of this digest, `sha256:...`, is known to be of this image.
    #[must_use]
    pub fn has_digest(&self, digest: &str) -> bool {
        self.digest == digest || self.repo_digests.iter().any(|known| known.ends_with(&format!("@{digest}")))
    }

    /// `repository@sha256:...`: the digests of it in those repositories of which it has a name.
    #[must_use]
    pub fn known_digests(&self) -> Vec<String> {
        let repositories: Vec<&str> = self.names.iter().map(|name| split(name).0).collect();
        let of_named = |known: &&String| known.split('@').next().is_some_and(|name| repositories.contains(&name));
        let known: Vec<String> = self.repo_digests.iter().filter(of_named).cloned().collect();
        let said = |repository: &str| known.iter().any(|known| known.split('@').next() == Some(repository));
        let others = repositories.iter().filter(|repository| !said(repository));
        let own: Vec<String> = others.map(|repository| format!("{repository}@{}", self.digest)).collect();
        union(known, &own)
    }
}

/// `first`, and what of `second` is not in it.
pub(crate) fn union(mut first: Vec<String>, second: &[String]) -> Vec<String> {
    for text in second {
        if !first.contains(text) {
            first.push(text.clone());
        }
    }
    first
}
