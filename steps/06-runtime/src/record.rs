//! What is known of a container, and what state it is in (runtime-spec, runtime.md, "State").

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use cgroups::Cgroup;
use oci_spec::runtime::{Hooks, Spec};
use process::{Error, Result, code};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::store::Place;
use crate::who::Who;

/// The version of the specification that we follow.
pub const VERSION: &str = "1.3.0";
/// The pipe on which the first process waits for the word to begin; it is there as long as the word was not given.
pub(crate) const WORD: &str = "start";
/// What came of it.
pub(crate) const REPORT: &str = "report";
/// What is known of it.
pub(crate) const STATE: &str = "state.json";
/// The container's configuration, as it was when the container was created: what is changed later has no effect.
pub(crate) const CONFIG: &str = "config.json";

/// What is known of a container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Its name.
    pub id: String,
    /// The directory that it was made of.
    pub bundle: PathBuf,
    /// What its configuration says of it, for others.
    pub annotations: BTreeMap<String, String>,
    /// Who makes it.
    pub creator: Option<Who>,
    /// Whether that is done.
    pub ready: bool,
    /// Its first process.
    pub init: Option<Who>,
    /// Whether its configuration says what it runs.
    #[serde(default = "yes")]
    pub has_program: bool,
    /// Those that are run when it has started and when it is deleted.
    #[serde(default)]
    pub hooks: Hooks,
    /// Its cgroup, where it has one.
    pub cgroup: Option<PathBuf>,
    /// What was made for its share of caches.
    #[serde(default)]
    pub shares: Vec<PathBuf>,
    /// Its root, where that is mounted among the host's mounts, and how many were there before.
    #[serde(default)]
    pub mounted: Option<(PathBuf, usize)>,
    /// When it was made.
    pub created: String,
    /// Whose it is.
    pub owner: u32,
}

/// Of one that an earlier version has made.
fn yes() -> bool {
    true
}

/// The states of a container, and `paused`, which the specification leaves to runtimes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It is being made.
    Creating,
    /// It waits for the word.
    Created,
    /// The program runs.
    Running,
    /// Its processes stand still.
    Paused,
    /// Its first process has ended.
    Stopped,
}

impl Status {
    /// As the specification has it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Status::Creating => "creating",
            Status::Created => "created",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Stopped => "stopped",
        }
    }

    /// Refuses what cannot be done in this state.
    pub(crate) fn demand(self, wanted: &[Status], what: &str, id: &str) -> Result<()> {
        match wanted.contains(&self) {
            true => Ok(()),
            false => {
                Err(Error::new(format!("cannot {what} container {id}: it is {}", self.word())).code(code::WRONG_STATE))
            }
        }
    }
}

/// Not those of its creation.
fn later(hooks: &Hooks) -> Hooks {
    let mut later = Hooks::default();
    later.set_poststart(hooks.poststart().clone()).set_poststop(hooks.poststop().clone());
    later
}

impl Record {
    /// Of a container that this process is about to make.
    pub(crate) fn new(id: &str, bundle: &Path, spec: &Spec) -> Record {
        Record {
            id: id.into(),
            bundle: bundle.into(),
            annotations: spec.annotations().iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect(),
            creator: Who::of(nix::unistd::getpid()),
            ready: false,
            init: None,
            has_program: spec.process().is_some(),
            hooks: spec.hooks().as_ref().map(later).unwrap_or_default(),
            cgroup: None,
            shares: Vec::new(),
            mounted: None,
            created: crate::clock::now(),
            owner: namespaces::itself::caller(),
        }
    }

    // ANCHOR: status
    /// Its state now. Nothing of it is written down, for nobody would write down that the process was killed.
    pub(crate) fn status(&self, place: &Place) -> Status {
        let lives = |who: &Option<Who>| who.is_some_and(|who| who.lives());
        match self.ready {
            false if lives(&self.creator) => Status::Creating,
            true if lives(&self.init) => match self.waits(place) {
                true => Status::Created,
                false if self.is_frozen() => Status::Paused,
                false => Status::Running,
            },
            _ => Status::Stopped,
        }
    }
    // ANCHOR_END: status

    /// Whether the word to begin can still be given: somebody reads.
    fn waits(&self, place: &Place) -> bool {
        let flags = nix::libc::O_NONBLOCK | nix::libc::O_CLOEXEC;
        OpenOptions::new().write(true).custom_flags(flags).open(place.file(WORD)).is_ok()
    }

    fn is_frozen(&self) -> bool {
        let cgroup = self.cgroup.as_deref();
        cgroup.is_some_and(|path| {
            std::fs::read_to_string(path.join("cgroup.freeze")).is_ok_and(|text| text.trim() == "1")
        })
    }

    /// Its cgroup, as long as it is there.
    pub(crate) fn cgroup(&self) -> Option<Cgroup> {
        self.cgroup.as_deref().and_then(Cgroup::open)
    }

    /// The state as others read it: `state` writes it, and hooks get it.
    pub(crate) fn state(&self, status: Status) -> Value {
        let pid = self.init.filter(|_| status != Status::Stopped).map_or(0, |init| init.pid);
        json!({
            "ociVersion": VERSION,
            "id": self.id,
            "status": status.word(),
            "pid": pid,
            "bundle": self.bundle,
            "annotations": self.annotations,
        })
    }
}
