//! Where the configuration files of the container tools are.

use std::env;
use std::path::{Path, PathBuf};

use images::Digest;
use process::{Error, Result, code};

/// No configuration file is larger.
const LIMIT: u64 = 4 << 20;

fn absolute(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// The user's home directory.
pub fn home() -> Option<PathBuf> {
    absolute("HOME")
}

/// `~/.config/containers`, containers-registries.conf(5).
pub fn user_config() -> Option<PathBuf> {
    absolute("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.join(".config"))).map(|dir| dir.join("containers"))
}

/// `~/.cache/containers`.
pub fn user_cache() -> Option<PathBuf> {
    absolute("XDG_CACHE_HOME").or_else(|| home().map(|home| home.join(".cache"))).map(|dir| dir.join("containers"))
}

/// `$XDG_RUNTIME_DIR/containers`, else `/run/containers/UID`: what is gone after a logout.
pub fn runtime() -> PathBuf {
    match absolute("XDG_RUNTIME_DIR") {
        Some(dir) => dir.join("containers"),
        None => PathBuf::from(format!("/run/containers/{}", namespaces::itself::caller())),
    }
}

/// The content of a file that may not exist.
///
/// # Errors
/// When it exists and cannot be read, or is larger than any of its kind.
pub fn read(path: &Path) -> Result<Option<String>> {
    use std::io::Read;
    let failed = |error: std::io::Error| Error::os(format!("read {}", path.display()), error);
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    let mut text = String::new();
    file.take(LIMIT + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LIMIT {
        return Err(Error::new(format!("{} is larger than {LIMIT} bytes", path.display())).code(code::TOO_LARGE));
    }
    Ok(Some(text))
}

/// Where an image is: a registry, what it calls the image, and which of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `docker.io`, `127.0.0.1:5000`.
    pub registry: String,
    /// `library/nginx`.
    pub path: String,
    /// The tag; without tag and digest it is `latest`.
    pub tag: String,
    /// The digest; with one, the tag says nothing.
    pub digest: Option<Digest>,
}

impl Place {
    /// `docker.io/library/nginx`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.registry, self.path)
    }

    /// The full name, as the store has it: `repository:tag`, or `repository@digest`.
    pub fn name(&self) -> String {
        match &self.digest {
            Some(digest) => format!("{}@{digest}", self.repository()),
            None => format!("{}:{}", self.repository(), self.tag),
        }
    }

    /// What the registry is asked for: the digest, or else the tag.
    pub fn reference(&self) -> String {
        self.digest.as_ref().map_or_else(|| self.tag.clone(), Digest::to_string)
    }
}
