//! The files that the engine puts into a container: who it is, who its neighbours are.

use std::os::unix::fs::chown;
use std::path::Path;

use namespaces::itself;
use network::Network;
use nix::unistd::Uid;
use process::{Error, Result, code};
use rootfs::Mount;
use rootfs::beneath::{self, Root};

use crate::names;
use crate::state::{make_dir, write};

/// Where they are shown.
pub(crate) const PLACES: [&str; 4] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/run/.containerenv"];

/// Writes them into `directory` and returns the mounts that show them in the container.
/// Those that `shared` has are those of another container.
pub(crate) fn make(
    directory: &Path,
    (hostname, name): (&str, &str),
    network: &Network,
    shared: &[(&'static str, Vec<u8>)],
    read_only: bool,
) -> Result<Vec<Mount>> {
    make_dir(directory)?;
    let texts =
        [Some(format!("{hostname}\n")), network.hosts(hostname, name)?, network.resolv_conf(), Some(String::new())];
    let mut mounts = Vec::new();
    for (place, text) in PLACES.into_iter().zip(texts) {
        // Without one the image's own stays.
        let shared = shared.iter().find(|(known, _)| *known == place).map(|(_, text)| text.clone());
        let Some(text) = shared.or(text.map(String::into_bytes)) else { continue };
        let file = directory.join(place.rsplit('/').next().unwrap_or_default());
        write(&file, &text)?;
        let options =
            if read_only { "bind,ro,rprivate,nosuid,nodev,noexec" } else { "bind,rprivate,nosuid,nodev,noexec" };
        mounts.push(Mount::bind(file, place, options));
    }
    Ok(mounts)
}

/// With a line for the caller, who keeps its ids in the container, where the image knows nobody of that number.
pub(crate) fn accounts(directory: &Path, root: &Root, (uid, gid): (u32, u32)) -> Result<Vec<Mount>> {
    let name = namespaces::subid::name(Uid::from_raw(itself::caller()));
    let is_name = names::check(&name).is_ok() && !name.bytes().all(|byte| byte.is_ascii_digit());
    let name = if is_name { name } else { format!("u{uid}") };
    let lines = [
        ("/etc/passwd", uid, format!("{name}:*:{uid}:{gid}:{name}:/:/bin/sh\n")),
        ("/etc/group", gid, format!("{name}:x:{gid}:{name}\n")),
    ];
    let mut mounts = Vec::new();
    for (place, id, line) in lines {
        let failed = |error| Error::os(format!("read {place} of the image"), error).or_code(code::NO_USER);
        let mut text = beneath::read(root, Path::new(place), 4 << 20).map_err(failed)?.unwrap_or_default();
        let known = String::from_utf8_lossy(&text).lines().any(|line| line.split(':').nth(2) == Some(&id.to_string()));
        if known {
            continue;
        }
        if text.last().is_some_and(|last| *last != b'\n') {
            text.push(b'\n');
        }
        text.extend(line.into_bytes());
        let file = directory.join(place.rsplit('/').next().unwrap_or_default());
        write(&file, &text)?;
        mounts.push(Mount::bind(file, place, "bind,rprivate,nosuid,nodev,noexec"));
    }
    Ok(mounts)
}

/// Makes them the container's root's.
pub(crate) fn give(directory: &Path, (user, group): (u32, u32)) -> Result<()> {
    let failed = |error: std::io::Error| Error::os(format!("chown {}", directory.display()), error);
    let entries = std::fs::read_dir(directory).map_err(failed)?;
    for path in entries.flatten().map(|entry| entry.path()).chain([directory.to_path_buf()]) {
        chown(path, Some(user), Some(group)).map_err(failed)?;
    }
    Ok(())
}
