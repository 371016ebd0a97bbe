//! A bundle: a directory with a `config.json` (runtime-spec, bundle.md).

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::libc;
use oci_spec::runtime::Spec;
use process::{Error, Result, code};

/// A configuration is a page or two; nobody makes us read a gigabyte.
pub(crate) const LIMIT: u64 = 16 << 20;

/// Reads the configuration of the bundle; also gives the bundle's absolute path.
///
/// # Errors
/// When there is none, or it is not one.
pub fn load(bundle: &Path) -> Result<(Spec, PathBuf)> {
    let bundle =
        bundle.canonicalize().map_err(|error| Error::os(format!("open bundle {}", bundle.display()), error))?;
    Ok((read(&bundle.join("config.json"))?.0, bundle))
}

/// Reads a configuration; also gives its text.
pub(crate) fn read(path: &Path) -> Result<(Spec, Vec<u8>)> {
    let text = text(path)?;
    let spec = serde_json::from_slice(&text)
        .map_err(|error| Error::because(format!("parse {}", path.display()), error).code(code::BAD_CONFIGURATION))?;
    Ok((spec, text))
}

/// Of an ordinary file of sensible size.
pub(crate) fn text(path: &Path) -> Result<Vec<u8>> {
    let failed = |what: &str, error| Error::os(format!("{what} {}", path.display()), error);
    let found = fs::metadata(path).map_err(|error| failed("open", error))?;
    if !found.is_file() {
        return Err(Error::new(format!("{}: not an ordinary file", path.display())).code(code::BAD_CONFIGURATION));
    }
    // A pipe that is there meanwhile would make us wait for somebody who writes.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    let file = file.map_err(|error| failed("open", error))?;
    // As large as it says, and a byte more, to see that this was all; but a device or a pipe has no size, and no end.
    let mut text = Vec::with_capacity(found.len().min(LIMIT) as usize + 1);
    file.take(LIMIT + 1).read_to_end(&mut text).map_err(|error| failed("read", error))?;
    if text.len() as u64 > LIMIT {
        return Err(Error::new(format!("{}: more than {LIMIT} bytes", path.display())).code(code::BAD_CONFIGURATION));
    }
    Ok(text)
}

/// Checks that `id` can be a container's: it becomes a part of paths.
///
/// # Errors
/// When it cannot.
pub fn check_id(id: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
    let ok = id.len() <= 255 && id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.chars().all(fits);
    if ok { Ok(id.to_string()) } else { Err("a container id begins with a letter or digit, then also _ + - .".into()) }
}
