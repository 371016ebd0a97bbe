//! registries.conf: which registry a name means, where it really is, and what is not to be asked.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use process::{Error, Result, code};
use serde::Deserialize;

use crate::place::{self, Place};

const SYSTEM: &str = "/etc/containers/registries.conf";
const SHARED: &str = "/usr/share/containers/registries.conf";
const SYSTEM_DROP_INS: &str = "/etc/containers/registries.conf.d";

/// What the files say together.
#[derive(Debug, Clone, Default)]
pub struct Conf {
    /// Where the main file is, or should be; errors name it.
    pub path: PathBuf,
    /// Registries that names without one are looked for in.
    pub search: Vec<String>,
    /// `enforcing`, `permissive`, `disabled`.
    pub mode: Option<String>,
    /// Programs that keep passwords, for all registries.
    pub helpers: Option<Vec<String>>,
    /// Short name, full name, and the file that says so.
    pub aliases: BTreeMap<String, (String, PathBuf)>,
    registries: Vec<Registry>,
}

/// containers-registries.conf(5), version 2.
#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Document {
    unqualified_search_registries: Option<Vec<String>>,
    short_name_mode: Option<String>,
    credential_helpers: Option<Vec<String>>,
    registry: Vec<Registry>,
    aliases: BTreeMap<String, String>,
    /// The table of version 1.
    registries: Option<toml::Value>,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Registry {
    prefix: String,
    location: String,
    insecure: bool,
    blocked: bool,
    mirror_by_digest_only: bool,
    mirror: Vec<Mirror>,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Mirror {
    location: String,
    insecure: bool,
    pull_from_mirror: String,
}

/// One place to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The registry and the image there.
    pub place: Place,
    /// Whether plain HTTP and unknown certificates will do.
    pub insecure: bool,
}

impl Conf {
    /// Reads the files that there are.
    ///
    /// # Errors
    /// When one cannot be read, or is not such a file.
    pub fn read() -> Result<Conf> {
        let named = ["CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH"].into_iter().find_map(env::var_os);
        let user = place::user_config();
        let users = user.as_ref().map(|dir| dir.join("registries.conf")).filter(|path| path.exists());
        let mut drop_ins = Vec::new();
        // A user who has a file of their own wants nothing of the system's.
        if named.is_some() || users.is_none() {
            drop_ins.extend(confs(Path::new(SYSTEM_DROP_INS)));
        }
        drop_ins.extend(user.iter().flat_map(|dir| confs(&dir.join("registries.conf.d"))));
        let system = || [SYSTEM, SHARED].map(PathBuf::from).into_iter().find(|path| path.exists());
        let path = named.map(PathBuf::from).or(users).or_else(system).unwrap_or_else(|| SYSTEM.into());
        let mut conf = Conf { path: path.clone(), ..Conf::default() };
        for path in std::iter::once(&path).chain(&drop_ins) {
            if let Some(text) = place::read(path)? {
                conf.add(path, &text)?;
            }
        }
        // What Podman asked a person, and remembers.
        if let Some(path) = place::user_cache().map(|dir| dir.join("short-name-aliases.conf"))
            && let Some(text) = place::read(&path)?
        {
            conf.add(&path, &text)?;
        }
        Ok(conf)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<()> {
        let bad = |why: String| {
            Error::because(format!("loading registries configuration {:?}", path.display()), why)
                .code(code::REGISTRIES_CONF)
        };
        let document: Document = toml::from_str(text).map_err(|error| bad(error.message().to_string()))?;
        if document.registries.is_some() {
            return Err(bad("it is in the format of version 1, which has ended".to_string())
                .hint("write unqualified-search-registries and [[registry]], see containers-registries.conf(5)")
                .code(code::REGISTRIES_CONF));
        }
        self.search = document.unqualified_search_registries.unwrap_or_else(|| std::mem::take(&mut self.search));
        self.mode = document.short_name_mode.or_else(|| self.mode.take());
        self.helpers = document.credential_helpers.or_else(|| self.helpers.take());
        for (short, full) in document.aliases {
            match full.is_empty() {
                true => self.aliases.remove(&short),
                false => self.aliases.insert(short, (full, path.to_path_buf())),
            };
        }
        for mut registry in document.registry {
            for location in [&mut registry.prefix, &mut registry.location] {
                *location = location.trim_end_matches('/').to_string();
            }
            if registry.prefix.is_empty() {
                registry.prefix.clone_from(&registry.location);
            }
            if registry.location.is_empty() && !registry.prefix.starts_with("*.") {
                return Err(bad("location is unset and prefix is not in the format: *.example.com".to_string()));
            }
            self.registries.retain(|known| known.prefix != registry.prefix);
            self.registries.push(registry);
        }
        Ok(())
    }

    /// Whether plain HTTP and unknown certificates will do for all of a registry.
    pub fn is_insecure(&self, registry: &str) -> bool {
        let fits = |known: &&Registry| known.insecure && matches(&known.prefix, registry);
        self.registries.iter().any(|known| fits(&known) || known.insecure && known.location == registry)
    }

    /// The places to ask for an image, the first one first: mirrors, then the registry itself.
    ///
    /// # Errors
    /// When the registry is blocked.
    pub fn endpoints(&self, place: &Place) -> Result<Vec<Endpoint>> {
        let name = place.name();
        let fitting = self.registries.iter().filter(|registry| matches(&registry.prefix, &name));
        let Some(registry) = fitting.max_by_key(|registry| registry.prefix.len()) else {
            return Ok(vec![Endpoint { place: place.clone(), insecure: false }]);
        };
        if registry.blocked {
            return Err(Error::new(format!(
                "registry {} is blocked in {} or in registries.conf.d",
                registry.prefix,
                self.path.display()
            ))
            .code(code::POLICY));
        }
        let mut endpoints = Vec::new();
        for mirror in &registry.mirror {
            let wanted = match (mirror.pull_from_mirror.as_str(), place.digest.is_some()) {
                ("digest-only", digest) => digest,
                ("tag-only", digest) => !digest,
                (_, digest) => digest || !registry.mirror_by_digest_only,
            };
            if wanted {
                let place = rewrite(place, &registry.prefix, mirror.location.trim_end_matches('/'))?;
                endpoints.push(Endpoint { place, insecure: mirror.insecure });
            }
        }
        let own = match registry.location.is_empty() {
            true => place.clone(),
            false => rewrite(place, &registry.prefix, &registry.location)?,
        };
        endpoints.push(Endpoint { place: own, insecure: registry.insecure });
        Ok(endpoints)
    }
}

/// The `.conf` files of a directory, by name.
fn confs(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "conf")).collect();
    paths.sort();
    paths
}

/// Whether a full name begins with a prefix, at a border of its parts.
fn matches(prefix: &str, name: &str) -> bool {
    if let Some(domain) = prefix.strip_prefix('*') {
        return name.split('/').next().is_some_and(|host| host.ends_with(domain));
    }
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '@']))
}

/// The same image below another location.
fn rewrite(place: &Place, prefix: &str, location: &str) -> Result<Place> {
    let repository = place.repository();
    let rest = match prefix.starts_with("*.") {
        // A wildcard stands for the host.
        true => repository.split_once('/').map_or("", |(_, path)| path),
        false => repository.get(prefix.len()..).unwrap_or_default().trim_start_matches('/'),
    };
    let target = if rest.is_empty() { location.to_string() } else { format!("{location}/{rest}") };
    match target.split_once('/') {
        Some((registry, path)) => Ok(Place { registry: registry.to_string(), path: path.to_string(), ..place.clone() }),
        None => Err(Error::new(format!("registries.conf leads {} to {target}, which has no repository", place.name()))
            .code(code::REGISTRIES_CONF)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(registry: &str, path: &str) -> Place {
        Place { registry: registry.into(), path: path.into(), tag: "latest".into(), digest: None }
    }

    fn asked(conf: &Conf, registry: &str, path: &str) -> String {
        let show = |end: &Endpoint| format!("{}{}", end.place.name(), if end.insecure { " insecure" } else { "" });
        match conf.endpoints(&place(registry, path)) {
            Ok(endpoints) => endpoints.iter().map(show).collect::<Vec<_>>().join(", "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_longest_prefix_says_where_to_ask() {
        let mut conf = Conf { path: "R".into(), ..Conf::default() };
        conf.add(
            Path::new("R"),
            r#"
            [[registry]]
            prefix = "example.com"
            location = "inner:5000"
            insecure = true
            [[registry]]
            prefix = "example.com/team"
            location = "other.example/base/"
            [[registry.mirror]]
            location = "mirror:1/copy"
            insecure = true
            [[registry.mirror]]
            location = "mirror:2"
            pull-from-mirror = "digest-only"
            [[registry]]
            prefix = "*.bad.example"
            blocked = true
            "#,
        )
        .unwrap();
        assert_eq!(asked(&conf, "example.com", "app"), "inner:5000/app:latest insecure");
        assert_eq!(
            asked(&conf, "example.com", "team/app"),
            "mirror:1/copy/app:latest insecure, other.example/base/app:latest"
        );
        assert_eq!(asked(&conf, "example.com", "teamwork"), "inner:5000/teamwork:latest insecure");
        assert_eq!(asked(&conf, "example.community", "x"), "example.community/x:latest");
        assert_eq!(
            asked(&conf, "a.bad.example", "x"),
            "registry *.bad.example is blocked in R or in registries.conf.d"
        );
        conf.add(Path::new("S"), "[[registry]]\nlocation = \"example.com\"\n").unwrap();
        assert_eq!(asked(&conf, "example.com", "app"), "example.com/app:latest");
    }
}
