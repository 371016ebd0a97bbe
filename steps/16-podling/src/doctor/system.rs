//! The system, and the user's session in it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::utsname::uname;
use nix::unistd::geteuid;

use super::Found;

/// A file's text without its ends; nothing when it cannot be read.
pub(super) fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_string())
}

/// A program that would be found.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// The user's name.
pub(super) fn user() -> String {
    let number = geteuid().to_string();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(number.as_str()));
    line.and_then(|line| line.split(':').next()).map_or(number.clone(), str::to_string)
}

pub(super) fn kernel() -> Found {
    let release = uname().map(|name| name.release().to_string_lossy().into_owned()).unwrap_or_default();
    let mut numbers =
        release.split(|letter: char| !letter.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) < (5, 12) => Found::missing(format!("Linux {release}")),
        _ => Found::fine(format!("Linux {release}")),
    }
}

fn directory() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute())
}

pub(super) fn runtime_directory() -> Found {
    if geteuid().is_root() {
        return Found::unneeded("root has /run/podling");
    }
    let Some(path) = directory() else { return Found::limited("XDG_RUNTIME_DIR is not set") };
    let shown = path.display();
    match fs::metadata(&path) {
        Err(error) => Found::limited(format!("{shown}: {}", process::error::words(&error))),
        Ok(found) if found.uid() != geteuid().as_raw() => {
            Found::limited(format!("{shown} belongs to user {}", found.uid()))
        }
        Ok(found) if found.mode() & 0o077 != 0 => Found::limited(format!("{shown} is open to others")),
        Ok(_) => Found::fine(shown.to_string()),
    }
}

pub(super) fn systemd() -> Found {
    if geteuid().is_root() {
        return match Path::new("/run/systemd/system").exists() {
            true => Found::fine("systemd has started this system"),
            false => Found::limited("systemd has not started this system"),
        };
    }
    match directory().map(|path| path.join("systemd/private")).filter(|path| path.exists()) {
        Some(path) => Found::fine(path.display().to_string()),
        None => Found::limited("no systemd --user runs for this user"),
    }
}

pub(super) fn linger() -> Found {
    let user = user();
    if geteuid().is_root() {
        return Found::unneeded("root's services do not depend on a login");
    }
    match Path::new("/var/lib/systemd/linger").join(&user).exists() {
        true => Found::fine(format!("{user} lingers")),
        false => Found::limited(format!("{user} does not linger")),
    }
}
