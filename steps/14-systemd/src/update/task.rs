//! What has to be done for one container.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use engine::{Engine, Phase, Record};
use images::Image;
use process::{Error, Result, code};

/// Where a newer image comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The registry has one.
    Registry,
    /// The store has one, of the same name.
    Local,
}

impl Policy {
    /// Reads the label; `None` when it says not to.
    ///
    /// # Errors
    /// When it is not known.
    pub fn parse(text: &str) -> Result<Option<Policy>> {
        match text {
            "" | "disabled" => Ok(None),
            "image" | "registry" => Ok(Some(Policy::Registry)),
            "local" => Ok(Some(Policy::Local)),
            _ => {
                let valid = r#"valid policies are ["disabled" "image" "local" "registry"]"#;
                Err(Error::new(format!("invalid auto-update policy {text:?}: {valid}")).code(code::BAD_VALUE))
            }
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Policy::Registry => "registry",
            Policy::Local => "local",
        }
    }
}

/// What became of it, in Podman's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Updated {
    /// The service runs with the newer image.
    Yes,
    /// There is none.
    No,
    /// There is one, and nothing was to be done.
    Pending,
    /// It did not work.
    Failed,
    /// It did not work, and the service runs with the old image again.
    RolledBack,
}

impl Updated {
    /// In Podman's words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Updated::Yes => "true",
            Updated::No => "false",
            Updated::Pending => "pending",
            Updated::Failed => "failed",
            Updated::RolledBack => "rolled back",
        }
    }
}

/// One line of the listing.
#[derive(Debug, Clone)]
pub struct Report {
    /// The unit.
    pub unit: String,
    /// The container as it was before.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The image, as the container was told.
    pub image: String,
    /// Why it was looked at.
    pub policy: Policy,
    /// What became of it.
    pub updated: Updated,
}

/// What all tasks share.
pub struct Updater<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// How registries are reached.
    pub registry: registry::Options,
    /// Only look.
    pub dry_run: bool,
    /// Take the old image again when the newer one does not start.
    pub rollback: bool,
    /// Images that were pulled for another container just now.
    pub pulled: HashSet<String>,
}

/// A running container that wants newer images.
#[derive(Debug)]
pub struct Task {
    record: Record,
    /// Its image before.
    image: Image,
    policy: Policy,
    authfile: Option<PathBuf>,
    /// What became of it.
    pub updated: Updated,
}

impl Task {
    /// The tasks, by unit: a unit is restarted once, however many containers it has. What is wrong with one container
    /// keeps no other from being updated.
    ///
    /// # Errors
    /// When the containers or the images cannot be read.
    // ANCHOR: tasks
    pub fn all(engine: &Engine, errors: &mut Vec<Error>) -> Result<BTreeMap<String, Vec<Task>>> {
        let images = engine.store().list()?;
        let mut tasks: BTreeMap<String, Vec<Task>> = BTreeMap::new();
        for record in engine.list()? {
            if !engine.status(&record).is_ok_and(|status| status.phase == Phase::Running) {
                continue;
            }
            match Task::of(record, &images) {
                Ok(Some((unit, task))) => tasks.entry(unit).or_default().push(task),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        Ok(tasks)
    }
    // ANCHOR_END: tasks

    /// What has to be done for a container, and its unit; `None` when nothing.
    fn of(record: Record, images: &[Image]) -> Result<Option<(String, Task)>> {
        let image = images.iter().find(|image| image.id == record.image_id);
        let label = |name: &str| {
            let own = record.options.labels.get(name);
            own.or_else(|| image.and_then(|image| image.config.labels.get(name))).cloned()
        };
        let of = || format!("auto-updating container {:?}", record.id);
        let Some(policy) = label("io.containers.autoupdate") else { return Ok(None) };
        let Some(policy) =
            Policy::parse(&policy).map_err(|error| Error::because(of(), error).code(code::NOT_UPDATED))?
        else {
            return Ok(None);
        };
        let unit = label("PODMAN_SYSTEMD_UNIT")
            .ok_or_else(|| Error::because(of(), "no PODMAN_SYSTEMD_UNIT label found").code(code::NOT_UPDATED))?;
        let image = image.ok_or_else(|| {
            Error::because(of(), format!("no image found for ID {}", record.image_id)).code(code::NO_IMAGE)
        })?;
        let authfile = label("io.containers.autoupdate.authfile").map(PathBuf::from);
        Ok(Some((unit, Task { image: image.clone(), record, policy, authfile, updated: Updated::Failed })))
    }

    /// Looks whether there is a newer image.
    ///
    /// # Errors
    /// When the registry cannot be asked, say.
    pub fn look(&mut self, with: &Updater<'_>) -> Result<()> {
        let of = |error| Error::within(format!("checking image updates for container {}", self.record.id), error);
        let newer = self.is_newer(with).map_err(of)?;
        self.updated = if newer { Updated::Pending } else { Updated::No };
        Ok(())
    }

    /// Gets the newer image.
    ///
    /// # Errors
    /// When it cannot be pulled.
    pub fn fetch(&mut self, with: &mut Updater<'_>) -> Result<()> {
        if self.policy == Policy::Registry && !with.pulled.contains(&self.record.image) {
            self.updated = Updated::Failed;
            let of = |error| Error::within(format!("updating image for container {}", self.record.id), error);
            self.pull(with).map_err(of)?;
            with.pulled.insert(self.record.image.clone());
            self.updated = Updated::Pending;
        }
        Ok(())
    }

    // ANCHOR: newer
    fn is_newer(&self, with: &Updater<'_>) -> Result<bool> {
        match self.policy {
            Policy::Local => Ok(with.engine.store().find(&self.record.image)?.id != self.record.image_id),
            Policy::Registry if with.pulled.contains(&self.record.image) => Ok(true),
            Policy::Registry => {
                let digest = registry::remote_digest(&self.record.image, &self.registry(with))?;
                Ok(!self.image.has_digest(&digest))
            }
        }
    }
    // ANCHOR_END: newer

    fn registry(&self, with: &Updater<'_>) -> registry::Options {
        let own = self.authfile.clone().or_else(|| with.registry.authfile.clone());
        registry::Options { authfile: own, ..with.registry.clone() }
    }

    fn pull(&self, with: &Updater<'_>) -> Result<()> {
        let options = self.registry(with);
        let mut words = vec!["pull".to_string()];
        words.extend(options.authfile.map(|path| format!("--authfile={}", path.display())));
        words.extend(options.tls_verify.map(|verify| format!("--tls-verify={verify}")));
        words.push(self.record.image.clone());
        again(with.engine, &words)
    }

    /// Gives the old image its name again, which the newer one has taken.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn roll_back(&self, with: &mut Updater<'_>) -> Result<()> {
        with.pulled.remove(&self.record.image);
        let words = ["tag".to_string(), self.record.image_id.clone(), self.record.image.clone()];
        let of = || format!("rolling back image for container {}", self.record.id);
        again(with.engine, &words).map_err(|error| Error::because(of(), error).code(code::NOT_UPDATED))
    }

    /// One line of the listing.
    #[must_use]
    pub fn report(&self, unit: &str) -> Report {
        Report {
            unit: unit.to_string(),
            id: self.record.id.clone(),
            name: self.record.name.clone(),
            image: self.record.options.image.clone(),
            policy: self.policy,
            updated: self.updated,
        }
    }
}

/// A verb of this program: a fresh process, because it becomes root of a user namespace. What it says is not what we were
/// asked for, and goes to standard error.
fn again(engine: &Engine, words: &[String]) -> Result<()> {
    let failed = |error| Error::os(format!("start podling {}", words[0]), error);
    let output = Command::new("/proc/self/exe")
        .arg(&words[0])
        .arg("--root")
        .arg(engine.root())
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .stderr(Stdio::piped())
        .output()
        .map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => {
            eprint!("{said}");
            Ok(())
        }
        false => {
            let (before, error) = said.trim_end().rsplit_once("Error: ").unwrap_or(("", said.trim_end()));
            eprint!("{before}");
            Err(Error::new(error).code(code::NOT_UPDATED))
        }
    }
}
