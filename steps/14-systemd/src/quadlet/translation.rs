//! A Quadlet file on its way to a service.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use process::{Error, Result, code};

use super::{CommandLine, Kind, names};
use crate::unit::Unit;
use crate::unit::words;

/// What is known of a file while the others are translated.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Its service, without `.service`.
    pub service: String,
    /// What the service makes: the name of a container, a volume, an image. Empty when nobody can know it before it starts.
    pub resource: String,
    /// For a pod, the services of its containers.
    pub members: Vec<String>,
}

impl Known {
    fn file(&self) -> String {
        format!("{}.service", self.service)
    }
}

/// All files, by name.
pub type Files = HashMap<String, Known>;

/// One file, and the service that becomes of it.
pub struct Translation<'a> {
    /// The program that the service runs.
    pub program: &'a str,
    /// What becomes of it.
    pub service: Unit,
    /// What the user should know.
    pub warnings: Vec<String>,
    source: &'a Unit,
    kind: Kind,
    files: &'a mut Files,
}

/// Dependencies that may name a Quadlet file.
const DEPENDENCIES: [&str; 15] = [
    "After",
    "Before",
    "BindsTo",
    "Conflicts",
    "OnFailure",
    "OnSuccess",
    "PartOf",
    "PropagatesReloadTo",
    "PropagatesStopTo",
    "ReloadPropagatedFrom",
    "Requires",
    "Requisite",
    "StopPropagatedFrom",
    "Upholds",
    "Wants",
];

impl<'a> Translation<'a> {
    /// The service before its own commands: the file's groups, with the file's own one out of systemd's sight.
    ///
    /// # Errors
    /// A key that is not known, or a dependency on a file that is not there.
    // ANCHOR: new
    pub fn new(source: &'a Unit, kind: Kind, files: &'a mut Files, program: &'a str, user: bool) -> Result<Self> {
        for (group, known) in [(kind.group(), kind.keys()), ("Quadlet", &["DefaultDependencies"][..])] {
            if let Some(key) = source.keys(group).into_iter().find(|key| !known.contains(key)) {
                let path = source.path.display();
                return Err(
                    Error::new(format!("unsupported key '{key}' in group '{group}' in {path}")).code(code::BAD_UNIT)
                );
            }
        }
        let mut service = source.clone();
        service.path = names::service_file(source, kind).into();
        for key in DEPENDENCIES {
            let wanted = service.lists("Unit", key);
            if wanted.iter().all(|name| Kind::of(name).is_none()) {
                continue;
            }
            let translate = |name: String| match (Kind::of(&name), files.get(&name)) {
                (Some(_), Some(known)) => Ok(known.file()),
                (Some(_), None) => {
                    Err(Error::new(format!("unable to translate dependency for {name}")).code(code::NO_UNIT))
                }
                (None, _) => Ok(name),
            };
            let names = wanted.into_iter().map(translate).collect::<Result<Vec<_>>>()?;
            service.unset("Unit", key);
            service.add("Unit", key, names.join(" "));
        }
        if source.flag("Quadlet", "DefaultDependencies").unwrap_or(true) {
            // Before the user's own: an empty `After=` of theirs takes it away.
            let network = if user { super::WAIT_ONLINE } else { "network-online.target" };
            service.prepend("Unit", "After", network);
            service.prepend("Unit", "Wants", network);
        }
        service.add("Unit", "SourcePath", source.path.display().to_string());
        service.add("Unit", "RequiresMountsFor", "%t/containers");
        service.rename(kind.group(), &format!("X-{}", kind.group()));
        service.rename("Quadlet", "X-Quadlet");
        Ok(Translation { program, service, warnings: Vec::new(), source, kind, files })
    }
    // ANCHOR_END: new

    /// A command line that begins with the program.
    #[must_use]
    pub fn command(&self) -> CommandLine {
        CommandLine::new(self)
    }

    /// Adds a command to the service.
    pub fn exec(&mut self, key: &str, command: &CommandLine) {
        self.service.add("Service", key, command.line());
    }

    /// Sets a key of the service unless the user did.
    pub fn default(&mut self, key: &str, value: &str) {
        if self.service.last("Service", key).is_none() {
            self.service.set("Service", key, value);
        }
    }

    /// A service that does one thing and is over.
    pub fn oneshot(&mut self, stays: bool) {
        self.default("SyslogIdentifier", "%N");
        self.default("Type", "oneshot");
        if stays {
            self.default("RemainAfterExit", "yes");
        }
    }

    /// Lets systemd stop only the first process of the service, or all of them, as the user says: nothing else works.
    ///
    /// # Errors
    /// Another `KillMode`.
    pub fn kill_mode(&mut self) -> Result<()> {
        self.default("KillMode", "mixed");
        match self.service.get("Service", "KillMode") {
            Some("mixed" | "control-group") => Ok(()),
            other => Err(Error::new(format!("invalid KillMode '{}'", other.unwrap_or_default())).code(code::BAD_UNIT)),
        }
    }

    /// Whether the service is one of those that say when they are ready; else it is `oneshot`.
    ///
    /// # Errors
    /// Another `Type`.
    pub fn notifies(&self) -> Result<bool> {
        match self.service.get("Service", "Type") {
            None | Some("notify") => Ok(true),
            Some("oneshot") => Ok(false),
            Some(other) => Err(Error::new(format!("invalid service Type '{other}'")).code(code::BAD_UNIT)),
        }
    }

    /// Needs another file's service, which is to be there before this one. Returns what that one makes.
    ///
    /// # Errors
    /// When there is no such file; `what` is what the user asked for.
    pub fn require(&mut self, what: &str, file: &str) -> Result<String> {
        let known = self
            .files
            .get(file)
            .ok_or_else(|| Error::new(format!("requested Quadlet {what} {file} was not found")).code(code::NO_UNIT))?;
        self.service.add("Unit", "Requires", known.file());
        self.service.add("Unit", "After", known.file());
        Ok(known.resource.clone())
    }

    /// What is known of another file.
    #[must_use]
    pub fn known(&mut self, file: &str) -> Option<&mut Known> {
        self.files.get_mut(file)
    }

    /// Says what this file makes, for those that use it.
    pub fn makes(&mut self, resource: &str) {
        if let Some(known) = self.files.get_mut(self.source.name()) {
            known.resource = resource.to_string();
        }
    }

    /// A path of the user's; a relative one is beside the file. What begins with a specifier is systemd's to know.
    #[must_use]
    pub fn path(&self, path: &str) -> String {
        if path.starts_with('/') || (path.starts_with('%') && !path.starts_with("%%")) {
            return path.to_string();
        }
        clean(&self.directory().join(path)).display().to_string()
    }

    /// Where the file is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.source.path.parent().unwrap_or(Path::new("/"))
    }

    /// The mount that a path is on has to be there.
    pub fn needs_mount(&mut self, path: &str) {
        self.service.add("Unit", "RequiresMountsFor", words::quote(path));
    }

    /// The file.
    #[must_use]
    pub fn source(&self) -> &'a Unit {
        self.source
    }

    /// Of the file's own group: see [`Unit::get`].
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.source.get(self.kind.group(), key)
    }

    /// See [`Unit::text`].
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.source.text(self.kind.group(), key)
    }

    /// See [`Unit::flag`].
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.source.flag(self.kind.group(), key)
    }

    /// See [`Unit::number`].
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u32> {
        self.source.number(self.kind.group(), key)
    }

    /// See [`Unit::all`].
    #[must_use]
    pub fn all(&self, key: &str) -> Vec<&'a str> {
        self.source.all(self.kind.group(), key)
    }

    /// See [`Unit::lists`].
    #[must_use]
    pub fn lists(&self, key: &str) -> Vec<String> {
        self.source.lists(self.kind.group(), key)
    }

    /// See [`Unit::arguments`].
    #[must_use]
    pub fn arguments(&self, key: &str) -> Vec<String> {
        self.source.arguments(self.kind.group(), key)
    }

    /// See [`Unit::last_arguments`]; a value that cannot be read is left out, with a warning.
    pub fn last_arguments(&mut self, key: &str) -> Vec<String> {
        match self.source.last_arguments(self.kind.group(), key) {
            Ok(words) => words.unwrap_or_default(),
            Err(error) => {
                self.warnings.push(format!("Warning: {}: {key}: {error}", self.source.name()));
                Vec::new()
            }
        }
    }

    /// See [`Unit::assignments`]; what is wrong becomes a warning.
    pub fn assignments(&mut self, key: &str) -> BTreeMap<String, Option<String>> {
        let (assignments, wrong) = self.source.assignments(self.kind.group(), key);
        let name = self.source.name();
        self.warnings.extend(wrong.into_iter().map(|wrong| format!("Warning: {name}: {key}: {wrong}")));
        assignments
    }
}

/// The path without `.` and `..`, as text: nothing of it has to be there yet.
fn clean(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut clean, component| {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
        clean
    })
}
