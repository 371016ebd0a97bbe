//! Where Quadlet files are (podman-systemd.unit(5)).

use std::collections::HashSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use process::Error;

use super::Kind;
use crate::unit::Unit;

const ADMINISTRATOR: &str = "/etc/containers/systemd";
const DISTRIBUTION: &str = "/usr/share/containers/systemd";
const TEMPORARY: &str = "/run/containers/systemd";

/// What was found, and what could not be read.
#[derive(Debug, Default)]
pub struct Found {
    /// The directories, those that count more first.
    pub directories: Vec<PathBuf>,
    /// The files, drop-ins merged into them, in the order in which they are to be translated.
    pub units: Vec<(Kind, Unit)>,
    /// Files that are no units.
    pub wrong: Vec<Error>,
}

/// Finds and reads all files, of a user or of the system. `seen` is told each path that is read.
// ANCHOR: find
pub fn units(user: bool, mut seen: impl FnMut(&Path)) -> Found {
    let mut found = Found { directories: directories(user), ..Found::default() };
    let mut names = HashSet::new();
    for directory in found.directories.clone() {
        for path in entries(&directory) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(kind) = Kind::of(name) else { continue };
            // A file hides those of the same name in directories that count less.
            if names.contains(name) {
                continue;
            }
            seen(&path);
            match Unit::read(&path) {
                Ok(unit) => {
                    names.insert(name.to_string());
                    found.units.push((kind, unit));
                }
                Err(error) => found.wrong.push(error),
            }
        }
    }
    let Found { directories, units, wrong } = &mut found;
    for (_, unit) in &mut *units {
        for path in drop_ins(unit.name(), directories) {
            seen(&path);
            match Unit::read(&path) {
                Ok(drop_in) => unit.merge(&drop_in),
                Err(error) => wrong.push(error),
            }
        }
    }
    units.sort_by_key(|(kind, _)| *kind);
    found
}
// ANCHOR_END: find

/// The directories that are looked through, also those that are not there. `QUADLET_UNIT_DIRS` is used in their place.
#[must_use]
pub fn directories(user: bool) -> Vec<PathBuf> {
    let mut tree = Tree::default();
    if let Some(own) = env::var_os("QUADLET_UNIT_DIRS").filter(|own| !own.is_empty()) {
        for directory in env::split_paths(&own).filter(|path| path.is_absolute()) {
            tree.add(&directory, &|_| true);
        }
        return tree.directories;
    }
    if !user {
        for base in [TEMPORARY, ADMINISTRATOR, DISTRIBUTION] {
            let users = Path::new(base).join("users");
            tree.add(Path::new(base), &|path| !path.starts_with(&users));
        }
        return tree.directories;
    }
    if let Some(runtime) = env::var_os("XDG_RUNTIME_DIR") {
        tree.add(&Path::new(&runtime).join("containers/systemd"), &|_| true);
    }
    let config = env::var_os("XDG_CONFIG_HOME").filter(|config| !config.is_empty()).map(PathBuf::from);
    if let Some(config) = config.or(env::var_os("HOME").map(|home| Path::new(&home).join(".config"))) {
        tree.add(&config.join("containers/systemd"), &|_| true);
    }
    for base in [ADMINISTRATOR, DISTRIBUTION] {
        let users = Path::new(base).join("users");
        // Directories that are called by a number are each for one user.
        let for_all = |path: &Path| {
            let below = path.strip_prefix(&users).ok().and_then(|path| path.iter().next());
            below.is_none_or(|name| !name.as_encoded_bytes().iter().all(u8::is_ascii_digit))
        };
        tree.add(&users, &for_all);
        tree.add(&users.join(geteuid().to_string()), &|_| true);
    }
    tree.directories
}

#[derive(Default)]
struct Tree {
    directories: Vec<PathBuf>,
}

impl Tree {
    /// Adds a directory and those below it, each once, through symbolic links; not those of drop-ins.
    fn add(&mut self, path: &Path, wanted: &dyn Fn(&Path) -> bool) {
        let Ok(resolved) = path.canonicalize() else {
            self.directories.push(path.to_path_buf());
            return;
        };
        self.descend(resolved, wanted);
    }

    fn descend(&mut self, path: PathBuf, wanted: &dyn Fn(&Path) -> bool) {
        let of_drop_ins = path.extension().is_some_and(|extension| extension == "d");
        if of_drop_ins || self.directories.contains(&path) || !wanted(&path) || !path.is_dir() {
            return;
        }
        self.directories.push(path.clone());
        for entry in entries(&path) {
            if let Ok(resolved) = entry.canonicalize() {
                self.descend(resolved, wanted);
            }
        }
    }
}

/// The entries of a directory, sorted; none when it cannot be read.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

/// The drop-ins of a file, in the order in which they are merged. Of several of one name the one counts that is for fewer
/// files: `web-front@one.container.d` before `web-front@`, `web-@`, `web-`, and what is for all containers.
// ANCHOR: drop_ins
fn drop_ins(name: &str, directories: &[PathBuf]) -> Vec<PathBuf> {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let (prefix, instance) = stem.split_once('@').map_or((stem, None), |(prefix, instance)| (prefix, Some(instance)));
    let mut stems = vec![stem.to_string()];
    if instance.is_some_and(|instance| !instance.is_empty()) {
        stems.push(format!("{prefix}@"));
    }
    for (at, _) in prefix.rmatch_indices('-') {
        if instance.is_some() {
            stems.push(format!("{}@", &prefix[..=at]));
        }
        stems.push(prefix[..=at].to_string());
    }
    let places = stems.iter().map(|stem| format!("{stem}.{extension}.d")).chain([format!("{extension}.d")]);
    let mut files: Vec<PathBuf> = Vec::new();
    for place in places {
        for path in directories.iter().flat_map(|directory| entries(&directory.join(&place))) {
            let hidden = files.iter().any(|file| file.file_name() == path.file_name());
            if path.extension().is_some_and(|extension| extension == "conf") && !hidden {
                files.push(path);
            }
        }
    }
    files.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    files
}
// ANCHOR_END: drop_ins
