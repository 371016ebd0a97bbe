//! Writes a service where systemd looks for it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use process::{Error, Result, code};

use crate::unit::Unit;

/// Writes the service's file.
///
/// # Errors
/// When it cannot be written.
pub fn write(directory: &Path, service: &Unit) -> Result<()> {
    let path = directory.join(service.name());
    fs::write(&path, service.to_string())
        .map_err(|error| Error::os(format!("generating service file {}", path.display()), error))
}

/// Makes the links that `systemctl enable` makes of a group `[Install]`: it cannot, for files that are generated.
///
/// # Errors
/// Each link that could not be made.
// ANCHOR: enable
pub fn enable(directory: &Path, service: &Unit) -> Vec<Error> {
    let mut links: Vec<PathBuf> = service.lists("Install", "Alias").iter().map(PathBuf::from).collect();
    let name = match service.name().strip_suffix("@.service") {
        None => Some(service.name().to_string()),
        // Of a template only an instance can be started.
        Some(stem) => service.get("Install", "DefaultInstance").map(|instance| format!("{stem}@{instance}.service")),
    };
    for (key, kind) in [("WantedBy", "wants"), ("RequiredBy", "requires"), ("UpheldBy", "upholds")] {
        let units = service.lists("Install", key).into_iter().filter(|unit| !unit.contains('/'));
        links
            .extend(units.zip(name.iter().cycle()).map(|(unit, name)| Path::new(&format!("{unit}.{kind}")).join(name)));
    }
    links.iter().filter_map(|at| link(directory, at, service.name()).err()).collect()
}
// ANCHOR_END: enable

fn link(directory: &Path, at: &Path, service: &str) -> Result<()> {
    // Nothing may lead out of the directory.
    if !at.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(Error::new(format!(
            "Can't create symlink {}: it is not below {}",
            at.display(),
            directory.display()
        ))
        .code(code::BAD_UNIT));
    }
    let failed = |error| Error::os(format!("Failed creating symlink {}", at.display()), error);
    let names = at.components().filter(|part| *part != Component::CurDir);
    let up = names.skip(1).map(|_| Component::ParentDir);
    let target: PathBuf = up.chain([Component::Normal(service.as_ref())]).collect();
    let path = directory.join(at);
    fs::create_dir_all(path.parent().unwrap_or(directory)).map_err(failed)?;
    let _ = fs::remove_file(&path);
    symlink(target, &path).map_err(failed)
}
