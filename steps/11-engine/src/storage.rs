//! What storage.conf says of how layers are mounted (containers-storage.conf(5)).

use std::env;
use std::path::{Path, PathBuf};

use namespaces::itself;
use process::{Error, Result, code};
use rootfs::Mounter;
use serde::Deserialize;

/// What is read of it; the rest is about files that podling does not have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Conf {
    storage: Storage,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Storage {
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    mount_program: String,
    overlay: Overlay,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Overlay {
    mount_program: String,
}

/// Who mounts overlays, by the file that counts: `$CONTAINERS_STORAGE_CONF`, or the user's own, or root's. As in Podman, root's
/// says nothing about a user's.
///
/// # Errors
/// When the file is wrong, or names a program that is not there.
// ANCHOR: mounter
pub fn mounter() -> Result<Mounter> {
    for place in places() {
        if let Some(text) = registry::read_conf(&place)? {
            return read(&place, &text);
        }
    }
    Ok(Mounter::default())
}
// ANCHOR_END: mounter

fn places() -> Vec<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(file) = named("CONTAINERS_STORAGE_CONF") {
        return vec![file];
    }
    if itself::caller() == 0 {
        return ["/etc", "/usr/share"].map(|place| Path::new(place).join("containers/storage.conf")).to_vec();
    }
    registry::user_config().map(|place| place.join("storage.conf")).into_iter().collect()
}

fn read(place: &Path, text: &str) -> Result<Mounter> {
    let wrong = |why: &dyn std::fmt::Display| Error::because(place.display().to_string(), why).code(code::STORAGE_CONF);
    let conf: Conf = toml::from_str(text).map_err(|error| wrong(&error.message()))?;
    let Options { mount_program, overlay } = conf.storage.options;
    let program = [overlay.mount_program, mount_program].into_iter().find(|program| !program.is_empty());
    let Some(program) = program.map(PathBuf::from) else { return Ok(Mounter::default()) };
    match std::fs::metadata(&program) {
        Ok(_) => Ok(Mounter { program: Some(program) }),
        Err(error) => {
            let words = process::error::words(&error);
            Err(wrong(&format!("mount_program {}: {words}", program.display()))
                .hint(process::prerequisite::hint("fuse-overlayfs")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(text: &str) -> Result<Option<PathBuf>> {
        read(Path::new("storage.conf"), text).map(|mounter| mounter.program)
    }

    #[test]
    fn the_programs_place() {
        for text in [
            "[storage]\ndriver=\"overlay\"\n[storage.options]\nmount_program=\"/bin/sh\"\n",
            "[storage.options.overlay]\nmount_program=\"/bin/sh\"\n",
            "[storage.options]\nmount_program=\"/bin/false\"\n[storage.options.overlay]\nmount_program=\"/bin/sh\"\n",
        ] {
            assert_eq!(program(text), Ok(Some("/bin/sh".into())), "{text}");
        }
        for text in ["", "[storage]\ngraphroot=\"/x\"\n", "[storage.options.overlay]\nmount_program=\"\"\n"] {
            assert_eq!(program(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let text = |text| program(text).unwrap_err().to_string();
        assert_eq!(text("[storage"), "storage.conf: unclosed table, expected `]`");
        let missing = text("[storage.options]\nmount_program=\"/no/such\"\n");
        assert!(missing.starts_with("storage.conf: mount_program /no/such: No such file or directory\n"), "{missing}");
    }
}
