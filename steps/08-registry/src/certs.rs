//! certs.d: whose certificates are believed, and which one is ours. containers-certs.d(5).

use std::fs;
use std::path::{Path, PathBuf};

use process::{Error, Result, code};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::place;
use crate::tls::Identity;

/// What the directories of a registry hold.
#[derive(Default)]
pub struct Certs {
    /// `*.crt`: authorities, beside the system's.
    pub authorities: Vec<CertificateDer<'static>>,
    /// `NAME.cert` and `NAME.key`: who we are.
    pub client: Option<Identity>,
}

impl Certs {
    /// Those for `registry` (`host[:port]`); `named` is `--cert-dir`, which leaves the other places alone.
    ///
    /// # Errors
    /// When a file cannot be read, is no certificate, or half of a pair is missing.
    pub fn read(registry: &str, named: Option<&Path>) -> Result<Certs> {
        let mut certs = Certs::default();
        let dir = match named {
            Some(dir) => Some(dir.to_path_buf()),
            None => directories(registry).into_iter().find(|dir| dir.is_dir()),
        };
        if let Some(dir) = dir {
            certs.add(&dir)?;
        }
        Ok(certs)
    }

    fn add(&mut self, dir: &Path) -> Result<()> {
        let failed = |error: std::io::Error| Error::os(format!("read {}", dir.display()), error);
        let entries = fs::read_dir(dir).map_err(failed)?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in &paths {
            let other = |end: &str| {
                let pair = path.with_extension(end);
                paths.contains(&pair).then_some(pair).ok_or_else(|| {
                    let missing = path.with_extension(end);
                    let missing = missing.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    Error::new(format!("missing {missing} for {}", path.display())).code(code::BAD_CERTS)
                })
            };
            match path.extension().and_then(|end| end.to_str()) {
                Some("crt") => self.authorities.extend(certificates(path)?),
                Some("cert") => {
                    let key = other("key")?;
                    let key = PrivateKeyDer::from_pem_slice(&bytes(&key)?).map_err(|error| {
                        Error::because(format!("read the key {}", key.display()), error).code(code::BAD_CERTS)
                    })?;
                    self.client = Some((certificates(path)?, key));
                }
                Some("key") => drop(other("cert")?),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Where Podman and Docker look, the first that is there counts.
fn directories(registry: &str) -> Vec<PathBuf> {
    let user = place::user_config().map(|dir| dir.join("certs.d"));
    let all = user.into_iter().chain(["/etc/containers/certs.d".into(), "/etc/docker/certs.d".into()]);
    all.map(|dir| dir.join(registry)).collect()
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    Ok(place::read(path)?.unwrap_or_default().into_bytes())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let bytes = bytes(path)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    read.map_err(|error| {
        Error::because(format!("read the certificates of {}", path.display()), error).code(code::BAD_CERTS)
    })
}
