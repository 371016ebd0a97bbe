//! Passwords: where they are kept, which one is for whom. containers-auth.json(5).

pub mod file;
mod helper;

use std::env;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use process::{Error, Result, code};

use crate::conf::Conf;
use crate::{Options, place};
use file::AuthFile;

/// Who we are for a registry. It has no `Debug`: a password is in no message.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
    /// A token that stands for both, from a registry that gives such.
    pub identity: Option<String>,
}

impl Credentials {
    /// A user and a password.
    pub fn new(user: &str, password: &str) -> Credentials {
        Credentials { user: user.to_string(), password: password.to_string(), identity: None }
    }

    /// `user:password`, as `--creds` has them.
    ///
    /// # Errors
    /// When there is no user, or no password.
    pub fn parse(text: &str) -> Result<Credentials> {
        match text.split_once(':') {
            Some(("", _)) => Err(Error::new("username cannot be empty").code(code::BAD_CREDENTIALS)),
            Some((user, password)) => Ok(Credentials::new(user, password)),
            None => Err(Error::new("credentials have no password")
                .code(code::BAD_CREDENTIALS)
                .hint("--creds USER:PASSWORD")),
        }
    }

    /// The header for a registry that wants them as they are.
    pub fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.user, self.password)))
    }
}

/// The file that `login` writes: `--authfile`, `$REGISTRY_AUTH_FILE`, or the one that is gone after a logout.
pub fn own_file(named: Option<&Path>) -> PathBuf {
    let variable = env::var_os("REGISTRY_AUTH_FILE").filter(|path| !path.is_empty());
    named.map(Path::to_path_buf).or(variable.map(PathBuf::from)).unwrap_or_else(|| place::runtime().join("auth.json"))
}

/// The files that may have a password: the one that was named, or all where Podman and Docker keep them.
fn files(named: Option<&Path>) -> Vec<PathBuf> {
    let own = own_file(named);
    if named.is_some() || env::var_os("REGISTRY_AUTH_FILE").is_some_and(|path| !path.is_empty()) {
        return vec![own];
    }
    let user = place::user_config().map(|dir| dir.join("auth.json"));
    let docker = match env::var_os("DOCKER_CONFIG").filter(|dir| !dir.is_empty()) {
        Some(dir) => Some(PathBuf::from(dir).join("config.json")),
        None => place::home().map(|home| home.join(".docker/config.json")),
    };
    [Some(own), user, docker].into_iter().flatten().collect()
}

/// What is known of `key` (`registry`, or `registry/path`): its own password, or that of the longest part of it
/// that has one. `--creds` goes before all.
///
/// # Errors
/// When a file is damaged, or a program that keeps passwords fails: then nobody is asked instead.
// ANCHOR: find
pub fn find(conf: &Conf, options: &Options, key: &str) -> Result<Option<Credentials>> {
    if let Some(creds) = &options.creds {
        return Credentials::parse(creds).map(Some);
    }
    let registry = key.split('/').next().unwrap_or(key);
    for helper in conf.helpers.as_deref().unwrap_or(&["containers-auth.json".to_string()]) {
        if helper != "containers-auth.json" {
            if let Some(found) = helper::get(helper, registry)? {
                return Ok(Some(found));
            }
            continue;
        }
        for path in files(options.authfile.as_deref()) {
            let file = AuthFile::read(&path)?;
            if let Some(helper) = file.helper(registry) {
                if let Some(found) = helper::get(&helper, registry)? {
                    return Ok(Some(found));
                }
                continue;
            }
            for key in parts(key) {
                if let Some(found) = file.get(key)? {
                    return Ok(Some(found));
                }
            }
        }
    }
    Ok(None)
}
// ANCHOR_END: find

/// `a/b/c`, `a/b`, `a`.
fn parts(key: &str) -> Vec<&str> {
    std::iter::successors(Some(key), |key| Some(key.rsplit_once('/')?.0)).collect()
}

/// Keeps credentials for `key`, where `login` does; returns where that is.
///
/// # Errors
/// When they cannot be written.
pub fn store(conf: &Conf, named: Option<&Path>, key: &str, credentials: &Credentials) -> Result<String> {
    let registry = key.split('/').next().unwrap_or(key);
    let path = own_file(named);
    let mut file = AuthFile::read(&path)?;
    let others =
        conf.helpers.as_deref().and_then(|helpers| helpers.iter().find(|name| *name != "containers-auth.json"));
    if let Some(helper) = file.helper(registry).or_else(|| others.cloned()) {
        helper::store(&helper, registry, credentials)?;
        return Ok(format!("docker-credential-{helper}"));
    }
    file.set(key, credentials);
    file.write()?;
    Ok(path.display().to_string())
}

/// Forgets what [`store`] kept for `key`; false when that was nothing.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(named: Option<&Path>, key: &str) -> Result<bool> {
    let registry = key.split('/').next().unwrap_or(key);
    let mut file = AuthFile::read(&own_file(named))?;
    if let Some(helper) = file.helper(registry) {
        let known = helper::get(&helper, registry)?.is_some();
        if known {
            helper::erase(&helper, registry)?;
        }
        return Ok(known);
    }
    let known = file.remove(key);
    if known {
        file.write()?;
    }
    Ok(known)
}

/// Forgets all.
///
/// # Errors
/// When the file cannot be written.
pub fn clear(named: Option<&Path>) -> Result<()> {
    let mut file = AuthFile::read(&own_file(named))?;
    match file.clear() {
        true => file.write(),
        false => Ok(()),
    }
}
