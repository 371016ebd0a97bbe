//! A container's first process into a cgroup of its own.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::unistd::{Pid, getpid};
use process::error::EXIT_CANNOT_EXECUTE;
use process::{Error, Result, code, prerequisite::hint};

use crate::devices::DEFAULT;
use crate::hierarchy::{Base, Hierarchy, RUNTIME};
use crate::settings::Setting;
use crate::{Cgroup, DeviceRule, Limits, Mode, Placement, files, filter, scope, score};

/// What is measured and held where it can be had, whoever asks; the other controllers only for a limit of theirs.
const USUAL: [&str; 3] = ["memory", "pids", "io"];

/// A place for a container's first process: a cgroup with its limits, made before the process is.
#[derive(Debug, Default)]
pub struct Place {
    cgroup: Option<Cgroup>,
    /// Its directory, open.
    directory: Option<OwnedFd>,
    /// What can be made only for a process that is there.
    later: Option<Later>,
    score: Option<i16>,
    /// Whether there is none, though nobody asked to do without.
    lacking: bool,
}

/// systemd makes no scope without a process in it.
#[derive(Debug)]
struct Later {
    id: String,
    limits: Limits,
    placement: Placement,
    flag: &'static str,
}

impl Place {
    /// Makes a cgroup with these limits for the first process of container `id`. The caller is root in a user namespace
    /// of [`namespaces::itself::caller`]'s, or that user itself, or real root. It moves to `runtime` beside the
    /// container, so that it does not end with the terminal or the unit that it was started in, unless
    /// `--cgroups=no-conmon` asks it to stay.
    ///
    /// It has no cgroup when none can be had, or none without asking systemd, and nobody asked for a limit.
    ///
    /// # Errors
    /// Why a limit that was asked for cannot be set, and what has to be done to have it; nothing is left then.
    // ANCHOR: place
    pub fn make(id: &str, limits: &Limits, placement: &Placement) -> Result<Place> {
        let asked = limits.settings().into_iter().find(|setting| !setting.optional).map(|setting| setting.flag);
        let asked = asked.or((!limits.device_rules.is_empty()).then_some("--device-cgroup-rule"));
        let asked = asked.or(placement.parent.as_ref().map(|_| "--cgroup-parent"));
        let score = limits.oom_score_adj;
        match placement.mode {
            Mode::Disabled if asked.is_some() => {
                Err(Error::new("limits cannot be set with --cgroups=disabled").code(code::CONFLICT))
            }
            Mode::Disabled => Ok(Place { score, ..Place::default() }),
            mode => match find(id, limits, placement, asked) {
                Err(_) if asked.is_none() && mode != Mode::Split => {
                    Ok(Place { score, lacking: true, ..Place::default() })
                }
                other => other.map(|place| {
                    let lacking = place.cgroup.is_none() && place.later.is_none();
                    Place { score, lacking, ..place }
                }),
            },
        }
    }
    // ANCHOR_END: place

    /// The directory of the cgroup, for the process to be born in it.
    #[must_use]
    pub fn directory(&self) -> Option<BorrowedFd<'_>> {
        self.directory.as_ref().map(AsFd::as_fd)
    }

    /// The cgroup that is there already.
    #[must_use]
    pub fn cgroup(&self) -> Option<&Cgroup> {
        self.cgroup.as_ref()
    }

    /// The name of the scope that systemd will make.
    pub(crate) fn scope(&self) -> Option<String> {
        self.later.as_ref().map(|later| later.placement.scope(&later.id))
    }

    /// What `--oom-score-adj` asks for.
    pub(crate) fn score(&self) -> Option<i16> {
        self.score
    }

    /// Whether there is no cgroup, though nobody asked to do without.
    pub(crate) fn is_lacking(&self) -> bool {
        self.lacking
    }

    /// Does what can be done only to a process: `pid` waits, and was born in the directory. Returns the cgroup that it is in now.
    ///
    /// # Errors
    /// As [`Place::make`]; a cgroup that was there before stays.
    // ANCHOR: settle
    pub fn settle(&self, pid: Pid) -> Result<Option<Cgroup>> {
        self.score.map_or(Ok(()), |score| score::set(pid, score))?;
        match &self.later {
            Some(later) => later.make(pid).map(Some),
            None => Ok(self.cgroup.clone()),
        }
    }
    // ANCHOR_END: settle
}

impl Cgroup {
    /// Makes sure that the controllers of these files are there.
    pub(crate) fn grant(&self, hierarchy: &Hierarchy, settings: &[Setting]) -> Result<()> {
        let asked = settings.iter().filter(|setting| !setting.optional);
        let needed: Vec<(&str, &str)> = asked.filter_map(|set| Some((set.controller()?, set.flag))).collect();
        let wanted: Vec<&str> = USUAL.into_iter().chain(needed.iter().map(|(controller, _)| *controller)).collect();
        grant(self.path(), &wanted);
        let have = files::read(self.path(), "cgroup.controllers")?;
        match needed.iter().find(|(controller, _)| !files::has_word(&have, controller)) {
            Some((controller, flag)) => Err(missing(hierarchy, flag, controller, &have)),
            None => Ok(()),
        }
    }
}

fn find(id: &str, limits: &Limits, placement: &Placement, asked: Option<&'static str>) -> Result<Place> {
    let Some(hierarchy) = Hierarchy::find() else {
        return asked.map_or(Ok(Place::default()), |flag| Err(version_one(flag)));
    };
    // ANCHOR: find
    let comes_along = placement.mode != Mode::NoConmon;
    match hierarchy.base(id, placement)? {
        Base::Tree(dir) => {
            let base = made(dir)?;
            if comes_along {
                files::set(&made(base.join(RUNTIME))?, "cgroup.procs", "0")?;
            }
            furnish(&hierarchy, &base.join(placement.name(id)), limits)
        }
        Base::Unit(base) => {
            // For a cgroup that hands controllers down must have no processes of its own.
            move_down(&base)?;
            furnish(&hierarchy, &base.join(placement.name(id)), limits)
        }
        Base::Scope => {
            // It takes longer than all the rest of the start, so it is not for nothing.
            let Some(flag) = asked else { return Ok(Place::default()) };
            if !comes_along {
                let (id, limits, placement) = (id.into(), limits.clone(), placement.clone());
                return Ok(Place { later: Some(Later { id, limits, placement, flag }), ..Place::default() });
            }
            let base = scoped(&hierarchy, id, placement, flag, getpid())?;
            move_down(&base)?;
            furnish(&hierarchy, &base.join(placement.name(id)), limits)
        }
    }
    // ANCHOR_END: find
}

/// Has systemd make the container's scope around a process.
fn scoped(hierarchy: &Hierarchy, id: &str, placement: &Placement, flag: &str, pid: Pid) -> Result<PathBuf> {
    let made = scope::make(&placement.scope(id), placement.parent.as_deref(), &[pid]);
    made.map_err(|error| undelegated(hierarchy, flag, &error))
}

impl Later {
    /// Its process is in the scope itself until it is moved on.
    fn make(&self, pid: Pid) -> Result<Cgroup> {
        let hierarchy = Hierarchy::find().ok_or_else(|| version_one(self.flag))?;
        let base = scoped(&hierarchy, &self.id, &self.placement, self.flag, pid)?;
        let cgroup = create(base.join(self.placement.name(&self.id)))?;
        let settings = self.limits.settings();
        let done = files::set(cgroup.path(), "cgroup.procs", &pid.to_string())
            .and_then(|()| cgroup.grant(&hierarchy, &settings))
            .and_then(|()| cgroup.write(&settings));
        match done {
            Ok(()) => Ok(cgroup),
            Err(error) => {
                // It kills the process, which waits for a word that will not come.
                let _ = cgroup.remove();
                Err(error)
            }
        }
    }
}

/// Makes the container's cgroup, and sets its limits while nobody is in it.
// ANCHOR: furnish
fn furnish(hierarchy: &Hierarchy, path: &Path, limits: &Limits) -> Result<Place> {
    let cgroup = create(path.into())?;
    let settings = limits.settings();
    let opened = cgroup.grant(hierarchy, &settings).and_then(|()| {
        cgroup.write(&settings)?;
        let directory = cgroup.open_directory()?;
        guard(&directory, limits)?;
        Ok(directory)
    });
    match opened {
        Ok(directory) => Ok(Place { cgroup: Some(cgroup), directory: Some(directory), ..Place::default() }),
        Err(error) => {
            let _ = cgroup.remove();
            Err(error)
        }
    }
}
// ANCHOR_END: furnish

/// The kernel asks about devices for root's containers only; in a user namespace nobody can make a device's file, and
/// those that are there belong to others.
fn guard(directory: &OwnedFd, limits: &Limits) -> Result<()> {
    if limits.all_devices || namespaces::itself::caller() != 0 {
        return Ok(());
    }
    let rules: Vec<DeviceRule> = [&DEFAULT[..], &limits.shown, &limits.device_rules].concat();
    match filter::attach(directory, &rules) {
        // Root of another container: whoever made that one has set the rules.
        Err(_) if limits.device_rules.is_empty() => Ok(()),
        done => done,
    }
}

fn made(dir: PathBuf) -> Result<PathBuf> {
    match fs::create_dir_all(&dir) {
        Err(error) => Err(Error::os(format!("make the cgroup {}", dir.display()), error)),
        Ok(()) => Ok(dir),
    }
}

/// What another container of this id has left goes first.
fn create(path: PathBuf) -> Result<Cgroup> {
    if let Some(left) = Cgroup::open(&path) {
        // A name that somebody chose may be another's.
        let ours = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"podling-"));
        if !ours && left.is_populated() {
            return Err(
                Error::new(format!("the cgroup {} has processes in it", path.display())).code(code::CGROUP_BUSY)
            );
        }
        left.remove()?;
    }
    Cgroup::create(path)
}

/// Moves everybody in a unit to `runtime` below it ("no internal processes", cgroups(7)).
// ANCHOR: down
fn move_down(unit: &Path) -> Result<()> {
    let runtime = made(unit.join(RUNTIME))?;
    // Who was moved may have forked meanwhile.
    for _ in 0..100 {
        let text = files::read(unit, "cgroup.procs")?;
        // 0 is who is not in our pid namespace.
        let pids: Vec<&str> = text.lines().filter(|pid| *pid != "0").collect();
        if pids.is_empty() {
            break;
        }
        for pid in pids {
            match files::write(&runtime, "cgroup.procs", pid) {
                Err(error) if error.raw_os_error() != Some(nix::libc::ESRCH) => {
                    return Err(Error::os(format!("move process {pid} to {}", runtime.display()), error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
// ANCHOR_END: down

/// Gives a cgroup these controllers, by writing them to what is above it, from top to bottom; as far as the right to do
/// so goes.
// ANCHOR: grant
fn grant(dir: &Path, wanted: &[&str]) {
    let controllers = |dir| files::read(dir, "cgroup.controllers").unwrap_or_default();
    let have = controllers(dir);
    let missing: Vec<&str> = wanted.iter().copied().filter(|word| !files::has_word(&have, word)).collect();
    let Some(above) = dir.parent().filter(|above| !missing.is_empty() && above.join("cgroup.procs").exists()) else {
        return;
    };
    grant(above, &missing);
    let offered = controllers(above);
    let words = missing.iter().filter(|word| files::has_word(&offered, word)).map(|word| format!("+{word}"));
    let words: Vec<String> = words.collect();
    if !words.is_empty() && files::write(above, "cgroup.subtree_control", &words.join(" ")).is_err() {
        // All or none it is with one write; perhaps only one of them is in the way.
        words.iter().for_each(|word| drop(files::write(above, "cgroup.subtree_control", word)));
    }
}
// ANCHOR_END: grant

fn version_one(flag: &str) -> Error {
    let cause = "this needs cgroup v2, and what is at /sys/fs/cgroup is something else";
    Error::because(format!("set {flag}"), cause).hint(
        "cgroup v1 is not supported: boot with systemd.unified_cgroup_hierarchy=1 on the kernel's command line. Without \
         limits a container runs here too",
    )
    .code(code::CGROUP_V1)
}

fn undelegated(hierarchy: &Hierarchy, flag: &str, error: &Error) -> Error {
    let user = namespaces::itself::caller();
    let hint = match hierarchy.manager() {
        Some(_) => "the user's systemd runs, but could not be asked; `systemctl --user status` shows how it is".into(),
        None if !Path::new("/run/systemd/system").exists() => hint("delegation"),
        None => format!(
            "no systemd runs for this user: log in by ssh or at a terminal (su and sudo are no log-in), or keep it \
             running: sudo loginctl enable-linger {user}"
        ),
    };
    Error::because(format!("set {flag}: no cgroup is delegated to user {user}"), error)
        .hint(hint)
        .code(code::NO_DELEGATION)
}

fn missing(hierarchy: &Hierarchy, flag: &str, controller: &str, have: &str) -> Error {
    let have = match have.trim() {
        "" => "none is".into(),
        some => format!("only {some} are", some = some.replace(' ', ", ")),
    };
    match files::has_word(&hierarchy.controllers(), controller) {
        false => Error::new(format!("set {flag}: this kernel has no cgroup controller {controller}"))
            .code(code::KERNEL_LACKS_CONTROLLER)
            .hint("some systems leave it out until cgroup_enable= on the kernel's command line names it")
            .exit(EXIT_CANNOT_EXECUTE),
        true => Error::new(format!("set {flag}: the cgroup controller {controller} is not delegated to us, {have}"))
            .hint(format!(
                "have it delegated, and where systemd does that, log out and in again: {}",
                hint("delegation")
            ))
            .code(code::NO_CONTROLLER)
            .exit(EXIT_CANNOT_EXECUTE),
    }
}
