//! `auth.json`, and Docker's `config.json`: the passwords of a file, and what else it says left alone.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use process::{Error, Result, code};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Credentials;
use crate::place;

/// A file with passwords, which may not exist.
pub struct AuthFile {
    path: PathBuf,
    document: Map<String, Value>,
}

impl AuthFile {
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read, or is no such file.
    pub fn read(path: &Path) -> Result<AuthFile> {
        let text = place::read(path)?.filter(|text| !text.trim().is_empty());
        let document = text.map_or(Ok(Map::new()), |text| serde_json::from_str(&text)).map_err(|error| {
            // Its own words would show what is at that place.
            Error::new(format!("{} is not JSON: line {} column {}", path.display(), error.line(), error.column()))
                .code(code::BAD_AUTH_FILE)
        })?;
        Ok(AuthFile { path: path.to_path_buf(), document })
    }

    /// The program that keeps the passwords of a registry, if not this file.
    pub fn helper(&self, registry: &str) -> Option<String> {
        let of_registry = self.document.get("credHelpers").and_then(|all| all.get(registry));
        let of_all = self.document.get("credsStore");
        of_registry.or(of_all).and_then(Value::as_str).filter(|name| !name.is_empty()).map(str::to_string)
    }

    /// The credentials of a key: as it is written, or as old versions of Docker wrote it.
    ///
    /// # Errors
    /// When they are not in the right form.
    pub fn get(&self, key: &str) -> Result<Option<Credentials>> {
        let Some(auths) = self.document.get("auths").and_then(Value::as_object) else { return Ok(None) };
        let found =
            auths.get(key).or_else(|| auths.iter().find(|(known, _)| normal(known) == key).map(|(_, auth)| auth));
        let Some(found) = found else { return Ok(None) };
        let bad = || {
            Error::new(format!("{}: the credentials of {key} are damaged", self.path.display()))
                .code(code::BAD_AUTH_FILE)
        };
        let text = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default();
        let plain = STANDARD.decode(text("auth")).map_err(|_| bad())?;
        let plain = String::from_utf8(plain).map_err(|_| bad())?;
        // Docker writes a zero byte at the end.
        let (user, password) = plain.split_once(':').unwrap_or_default();
        let identity = Some(text("identitytoken").to_string()).filter(|token| !token.is_empty());
        if user.is_empty() && identity.is_none() {
            return Ok(None);
        }
        Ok(Some(Credentials { identity, ..Credentials::new(user, password.trim_end_matches('\0')) }))
    }

    /// Sets the credentials of a key.
    pub fn set(&mut self, key: &str, credentials: &Credentials) {
        let auth = STANDARD.encode(format!("{}:{}", credentials.user, credentials.password));
        let auths = self.document.entry("auths").or_insert_with(|| json!({}));
        if let Some(auths) = auths.as_object_mut() {
            auths.insert(key.to_string(), json!({ "auth": auth }));
        }
    }

    /// Removes a key; false when there was none.
    pub fn remove(&mut self, key: &str) -> bool {
        let auths = self.document.get_mut("auths").and_then(Value::as_object_mut);
        auths.is_some_and(|auths| auths.remove(key).is_some())
    }

    /// Removes all keys; false when there was none.
    pub fn clear(&mut self) -> bool {
        let auths = self.document.get_mut("auths").and_then(Value::as_object_mut);
        auths.is_some_and(|auths| !std::mem::take(auths).is_empty())
    }

    /// Writes the file, readable for nobody else: the old one or the new one is there at any moment.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> Result<()> {
        let failed = |error: std::io::Error| Error::os(format!("write {}", self.path.display()), error);
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let parent = path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
        let mut bytes = Vec::new();
        let format = serde_json::ser::PrettyFormatter::with_indent(b"\t");
        self.document
            .serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, format))
            .map_err(|error| Error::because(format!("write {}", self.path.display()), error).code(code::INTERNAL))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let partial = parent.join(format!(".{name}.{}", std::process::id()));
        let written = create(&partial, &bytes).and_then(|()| fs::rename(&partial, &path));
        if written.is_err() {
            let _ = fs::remove_file(&partial);
        }
        written.map_err(failed)
    }
}

fn create(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let _ = fs::remove_file(path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)
}

/// `https://index.docker.io/v1/` is `docker.io`.
fn normal(key: &str) -> &str {
    let bare = key.trim_start_matches("https://").trim_start_matches("http://");
    let host = bare.split('/').next().unwrap_or(bare);
    match host {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        _ if bare.ends_with("/v1/") || bare.ends_with("/v2/") || bare.len() != key.len() => host,
        _ => bare,
    }
}
