//! Which OCI runtime a new container gets: `--runtime`, or what containers.conf(5) says, or ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use namespaces::itself;
use nix::unistd::{AccessFlags, access};
use process::{Error, Result, code};
use registry::user_config;
use serde::Deserialize;

/// What `--runtime` said.
static FLAG: OnceLock<String> = OnceLock::new();

/// Ours, by its name.
const OURS: &str = "podling";

/// Where Podman looks for a runtime that it knows by its name alone.
const DIRECTORIES: [&str; 7] =
    ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/sbin", "/bin", "/run/current-system/sw/bin"];

/// The part of the file that is meant here.
#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    engine: Section,
}

#[derive(Debug, Default, Deserialize)]
struct Section {
    runtime: Option<String>,
    #[serde(default)]
    runtimes: BTreeMap<String, Vec<PathBuf>>,
}

/// The runtime of all containers that this process makes, by its name or its path. Only the first word counts.
pub fn set_runtime(runtime: &str) {
    let _ = FLAG.set(runtime.to_owned());
}

/// Its path; `None` when it is ours.
///
/// # Errors
/// When there is no such program, or a file cannot be read.
// ANCHOR: chosen
pub fn chosen() -> Result<Option<PathBuf>> {
    let known = read()?;
    match FLAG.get().or(known.runtime.as_ref()).map(String::as_str) {
        None | Some("" | OURS) => Ok(None),
        Some(word) => find(word, &known.runtimes).map(Some),
    }
}
// ANCHOR_END: chosen

fn find(word: &str, known: &BTreeMap<String, Vec<PathBuf>>) -> Result<PathBuf> {
    let places = match (word.contains('/'), known.get(word)) {
        (true, _) => vec![std::path::absolute(word).map_err(|error| Error::os(format!("find {word}"), error))?],
        (false, Some(places)) if !places.is_empty() => places.clone(),
        (false, _) => {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let own: Vec<PathBuf> = std::env::split_paths(&path).filter(|place| place.is_absolute()).collect();
            DIRECTORIES.iter().map(PathBuf::from).chain(own).map(|place| place.join(word)).collect()
        }
    };
    let is_program = |path: &PathBuf| path.is_file() && access(path, AccessFlags::X_OK).is_ok();
    places.into_iter().find(is_program).ok_or_else(|| {
        Error::new(format!("default OCI runtime {word:?} not found: invalid argument")).code(code::NO_RUNTIME).hint(
            "name a program by its path, or one of [engine.runtimes] in containers.conf; `podling` is the one built in",
        )
    })
}

/// What the administrator and the user say, and not what a distribution ships: that names the runtime of its Podman, and is
/// nobody's wish.
// ANCHOR: read
fn read() -> Result<Section> {
    if let Some(only) = std::env::var_os("CONTAINERS_CONF").filter(|path| !path.is_empty()) {
        return parse(Path::new(&only)).map(Option::unwrap_or_default);
    }
    let mut all = parse(Path::new("/etc/containers/containers.conf"))?.unwrap_or_default();
    if let Some(own) = own().map(|path| parse(&path)).transpose()?.flatten() {
        all.runtime = own.runtime.or(all.runtime);
        all.runtimes.extend(own.runtimes);
    }
    Ok(all)
}
// ANCHOR_END: read

fn own() -> Option<PathBuf> {
    match itself::caller() {
        0 => None,
        _ => user_config().map(|config| config.join("containers.conf")),
    }
}

/// `None` when there is no such file.
fn parse(path: &Path) -> Result<Option<Section>> {
    let Some(text) = registry::read_conf(path)? else { return Ok(None) };
    let file: File = toml::from_str(&text)
        .map_err(|error| Error::because(format!("parse {}", path.display()), error).code(code::CONTAINERS_CONF))?;
    Ok(Some(file.engine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_name_or_path() {
        let text = "[engine]\nruntime = \"mine\"\n[engine.runtimes]\nmine = [\"/nothing\", \"/bin/sh\"]\n";
        let known = toml::from_str::<File>(text).unwrap().engine;
        assert_eq!(known.runtime.as_deref(), Some("mine"));
        assert_eq!(find("mine", &known.runtimes), Ok("/bin/sh".into()));
        assert_eq!(find("/bin/cat", &known.runtimes), Ok("/bin/cat".into()));
        assert!(find("sh", &known.runtimes).is_ok());
        for word in ["/nothing", "no-such-runtime", "/etc", "/etc/passwd"] {
            assert!(find(word, &known.runtimes).is_err(), "{word}");
        }
    }
}
