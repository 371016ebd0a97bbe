//! `--device HOST[:CONTAINER][:PERMISSIONS]`, and all devices of the host.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use process::{Error, Result, code};

use crate::Device;

/// What is in every container anyway, or cannot be another one's: terminals, and what links lead to.
const NOT_SHARED: [&str; 9] = ["pts", "shm", "fd", "mqueue", "console", "ptmx", "core", "hugepages", "tty"];

impl Device {
    /// Reads it. A directory stands for all devices in it. Who may read and write is said by the device's own file: without
    /// root nobody can give less or more, so the permissions are read and left alone, as in Podman.
    ///
    /// # Errors
    /// When there is no such device, or the text is another one.
    // ANCHOR: parse
    pub fn parse(text: &str) -> Result<Vec<Device>> {
        let invalid =
            |why: &str| Error::new(format!("invalid device specification: {text}{why}")).code(code::BAD_DEVICE);
        let parts: Vec<&str> = text.split(':').collect();
        let is_mode = |word: &str| !word.is_empty() && word.chars().all(|letter| "rwm".contains(letter));
        let (host, container) = match parts[..] {
            [host] => (host, host),
            [host, mode] if is_mode(mode) => (host, host),
            [host, container] | [host, container, _] if container.starts_with('/') => (host, container),
            [_, mode] => return Err(Error::new(format!("invalid device mode: {mode}")).code(code::BAD_DEVICE)),
            _ => return Err(invalid("")),
        };
        if let [_, _, mode] = parts[..]
            && !is_mode(mode)
        {
            return Err(Error::new(format!("invalid device mode: {mode}")).code(code::BAD_DEVICE));
        }
        let (host, container) = (Path::new(host), Path::new(container));
        if !host.is_absolute() {
            return Err(invalid(": not an absolute path"));
        }
        let found = fs::metadata(host).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::because(format!("stat {}", host.display()), "no such file or directory").code(code::NO_DEVICE)
            }
            _ => Error::os(format!("stat {}", host.display()), error),
        })?;
        if found.is_dir() {
            let mut devices = Vec::new();
            collect(host, container, &[], &mut devices)
                .map_err(|error| Error::os(format!("list the devices in {}", host.display()), error))?;
            return Ok(devices);
        }
        let kind = found.file_type();
        match kind.is_char_device() || kind.is_block_device() {
            true => Ok(vec![Device { host: host.into(), container: container.into() }]),
            false => Err(Error::new(format!("{} is not a device", host.display())).code(code::NO_DEVICE)),
        }
    }
    // ANCHOR_END: parse

    /// All devices of the host, for a container that is to have them (`--privileged`).
    #[must_use]
    pub fn all() -> Vec<Device> {
        let mut devices = Vec::new();
        let dev = Path::new("/dev");
        let _ = collect(dev, dev, &NOT_SHARED, &mut devices);
        let known = crate::default_devices();
        devices.retain(|device| !known.contains(device) && !is_terminal(&device.host));
        devices
    }
}

/// The terminals of this machine are not for others to type at.
fn is_terminal(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("tty") || name.starts_with("vcs")
}

fn collect(host: &Path, container: &Path, without: &[&str], devices: &mut Vec<Device>) -> io::Result<()> {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(host)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if without.iter().any(|word| name == *word) {
            continue;
        }
        let (host, container): (PathBuf, PathBuf) = (entry.path(), container.join(&name));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            // One that is not ours to read has no devices for us.
            let _ = collect(&host, &container, &[], devices);
        } else if kind.is_char_device() || kind.is_block_device() {
            devices.push(Device { host, container });
        }
    }
    Ok(())
}
