//! Podman's generator. It reads the same files and writes the same services, so of the two only one may work.

use std::path::{Path, PathBuf};

use process::Error;
use process::code;

/// Where generators are; of those of one name the first counts (systemd.generator(7)).
const PLACES: [&str; 4] = ["/run/systemd", "/etc/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"];

/// Podman's generator, unless it is masked, or is this program, or we were called by its name. `None` also when the files
/// are not those that it reads.
// ANCHOR: other
pub fn generator(called: &str, user: bool) -> Option<PathBuf> {
    let kind = if user { "user" } else { "system" };
    let name = format!("podman-{kind}-generator");
    if called == name || std::env::var_os("QUADLET_UNIT_DIRS").is_some_and(|own| !own.is_empty()) {
        return None;
    }
    let places = PLACES.iter().map(|place| Path::new(place).join(format!("{kind}-generators")).join(&name));
    let path = places.into_iter().find(|path| path.symlink_metadata().is_ok())?;
    let target = path.canonicalize().ok()?;
    let masked = target == Path::new("/dev/null") || target.metadata().is_ok_and(|file| file.len() == 0);
    let itself = std::env::current_exe().and_then(|path| path.canonicalize()).is_ok_and(|itself| itself == target);
    (!masked && !itself).then_some(path)
}
// ANCHOR_END: other

/// What to say when it is there.
#[must_use]
pub fn steps_back(other: &Path, program: &str) -> Error {
    let name = other.file_name().unwrap_or_default().to_string_lossy();
    let place = PLACES[1];
    let kind = if name.contains("user") { "user" } else { "system" };
    Error::new(format!("{} makes the services of Quadlet files here, so this generator does not", other.display()))
        .code(code::OTHER_GENERATOR)
        .hint(format!("to run them with podling: ln -s {program} {place}/{kind}-generators/{name}"))
}
