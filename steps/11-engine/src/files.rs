//! The files that the engine puts into a container: who it is, who its neighbours are.

use std::fs;
use std::path::Path;

use process::Result;
use rootfs::Mount;

use crate::state::{make_dir, write};

/// Where they are shown.
pub(crate) const PLACES: [&str; 4] = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/run/.containerenv"];

/// Writes them into `directory` and returns the mounts that show them in the container.
pub(crate) fn make(directory: &Path, hostname: &str, name: &str, own_network: bool) -> Result<Vec<Mount>> {
    make_dir(directory)?;
    let texts = [
        format!("{hostname}\n"),
        hosts(hostname, name, own_network),
        // Without a network nobody answers; with the host's, the host's servers do.
        if own_network { String::new() } else { host("/etc/resolv.conf") },
        String::new(),
    ];
    let mut mounts = Vec::new();
    for (place, text) in PLACES.into_iter().zip(texts) {
        let file = directory.join(place.rsplit('/').next().unwrap_or_default());
        write(&file, text.as_bytes())?;
        mounts.push(Mount::bind(file, place, "bind,rprivate,nosuid,nodev,noexec"));
    }
    Ok(mounts)
}

fn hosts(hostname: &str, name: &str, own_network: bool) -> String {
    let ours = format!("127.0.0.1\t{hostname} {name}\n");
    let base = if own_network { String::new() } else { host("/etc/hosts") };
    match base.lines().any(|line| line.split_whitespace().skip(1).any(|word| word == "localhost")) {
        true => format!("{base}{ours}"),
        false => format!("127.0.0.1\tlocalhost\n::1\tlocalhost\n{base}{ours}"),
    }
}

fn host(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
