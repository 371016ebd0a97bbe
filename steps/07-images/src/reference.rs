//! Image names: `busybox`, `quay.io/libpod/alpine:3.20`, `localhost/hello@sha256:...`, or the digits of an ID.

use process::{Error, Result, code};

use crate::Digest;
use crate::digest::is_hex;

/// The domain of an image that was made here.
const LOCAL: &str = "localhost";
/// What a name without a domain means to Docker.
const DOCKER: &str = "docker.io";

/// A name with its parts told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    domain: Option<String>,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Parses a name by the grammar of the distribution project.
    ///
    /// # Errors
    /// When it is none, in Podman's words.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |why: &str| Error::because(format!("parsing reference {text:?}"), why).code(code::BAD_REFERENCE);
        if is_hex(text) {
            return Err(invalid("invalid repository name, cannot specify 64-byte hexadecimal strings"));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                (rest, Some(Digest::parse(digest).map_err(|_| invalid("invalid reference format"))?))
            }
            None => (text, None),
        };
        // A colon before the last slash belongs to a port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_string())),
            _ => (rest, None),
        };
        let (domain, path) = match name.split_once('/') {
            Some((first, path)) if first.contains(['.', ':']) || first == LOCAL => (Some(first.to_string()), path),
            _ => (None, name),
        };
        if path.chars().any(|character| character.is_ascii_uppercase()) {
            return Err(invalid("repository name must be lowercase"));
        }
        let fits = name.len() <= 255
            && domain.as_deref().is_none_or(is_domain)
            && path.split('/').all(is_component)
            && tag.as_deref().is_none_or(is_tag);
        if !fits {
            return Err(invalid("invalid reference format"));
        }
        Ok(Reference { domain, path: path.to_string(), tag, digest })
    }

    /// The digest after `@`.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The registry, if the name has one.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// What follows the registry, without tag and digest.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag, if the name has one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The repositories that the name can mean, the first one first.
    // ANCHOR: candidates
    #[must_use]
    pub fn repositories(&self) -> Vec<String> {
        match &self.domain {
            Some(domain) => vec![format!("{domain}/{}", self.path)],
            None if self.path.contains('/') => {
                vec![format!("{LOCAL}/{}", self.path), format!("{DOCKER}/{}", self.path)]
            }
            None => vec![format!("{LOCAL}/{}", self.path), format!("{DOCKER}/library/{}", self.path)],
        }
    }

    /// The full names that it can mean, the first one first; no tag means `latest`.
    #[must_use]
    pub fn candidates(&self) -> Vec<String> {
        let tag = self.tag.as_deref().unwrap_or("latest");
        self.repositories().into_iter().map(|repository| format!("{repository}:{tag}")).collect()
    }
    // ANCHOR_END: candidates

    /// The full name that an image gets by this reference: short names are local ones.
    #[must_use]
    pub fn normalized(&self) -> String {
        self.candidates().swap_remove(0)
    }
}

/// Repository and tag of a full name; one with a digest has no tag.
#[must_use]
pub fn split(name: &str) -> (&str, &str) {
    if let Some((repository, _)) = name.split_once('@') {
        return (repository, "<none>");
    }
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, "<none>"),
    }
}

/// Whether a full name is one that `filter` asks for: all of it or its end, with the tag or without.
#[must_use]
pub fn matches_filter(name: &str, filter: &str) -> bool {
    let ends = |text: &str| text.strip_suffix(filter).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    ends(name) || ends(split(name).0)
}

/// `registry.example:5000`, `[::1]:5000`.
fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let label = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_fits = match bracketed {
        Some(address) => address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':'),
        None => host.split('.').all(label),
    };
    host_fits && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_component(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends = bytes.first().copied().is_some_and(word) && bytes.last().copied().is_some_and(word);
    ends && text
        .split(|character: char| character.is_ascii_lowercase() || character.is_ascii_digit())
        .all(|joint| matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-'))
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-')
}
