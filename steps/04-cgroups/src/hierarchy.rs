//! Where in the tree of cgroups we are, and where a container's may be.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, Pid, access, geteuid};
use process::{Error, Result, code};

use crate::{Mode, Placement, files, placement};

/// Where the tree is mounted.
pub(crate) const ROOT: &str = "/sys/fs/cgroup";

/// `f_type` of cgroup v2 (statfs(2)).
const CGROUP2: i64 = 0x6367_7270;

/// Where those are who are no container, when containers come beside them.
pub(crate) const RUNTIME: &str = "runtime";

/// The directory of containers that have no unit: no name that systemd would take for one of its own.
const TREE: &str = "podling";

/// Whether the system has cgroup v2 and nothing else.
pub(crate) fn is_unified() -> bool {
    rustix::fs::statfs(ROOT).is_ok_and(|found| found.f_type == CGROUP2)
}

/// The tree, and who looks at it from where.
pub(crate) struct Hierarchy {
    root: PathBuf,
    own: PathBuf,
    uid: u32,
}

/// Where a container's cgroup can be made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// In this directory, made when it is missing, in which no process is.
    Tree(PathBuf),
    /// In this cgroup, ours, whose processes have to move down first.
    Unit(PathBuf),
    /// Nowhere yet: systemd can be asked for a place.
    Scope,
}

impl Hierarchy {
    /// As this process sees it; `None` where the system has cgroup v1, wholly or in part.
    pub(crate) fn find() -> Option<Hierarchy> {
        let uid = namespaces::itself::caller();
        is_unified().then(|| Hierarchy { root: ROOT.into(), own: of(Path::new(ROOT), None).unwrap_or_default(), uid })
    }

    /// The controllers that the whole system has.
    pub(crate) fn controllers(&self) -> String {
        files::read(&self.root, "cgroup.controllers").unwrap_or_default()
    }

    // ANCHOR: base
    /// The place for the cgroup of container `id`.
    pub(crate) fn base(&self, id: &str, placement: &Placement) -> Result<Base> {
        let unit = self.unit();
        if placement.mode == Mode::Split {
            return match is_ours(&unit) && unit != self.root {
                true => Ok(Base::Unit(unit)),
                false => Err(Error::new(format!("--cgroups=split: the cgroup {} is not ours", unit.display()))
                    .code(code::BAD_PARENT)
                    .hint("use it in a unit of systemd that has Delegate=yes")),
            };
        }
        // Started again, in the scope that systemd made for it.
        if unit.file_name().is_some_and(|name| *name == *placement.scope(id)) && is_ours(&unit) {
            return Ok(Base::Unit(unit));
        }
        match &placement.parent {
            Some(slice) if placement::slice(slice).is_some() => return Ok(Base::Scope),
            Some(path) => return self.below(path).map(Base::Tree),
            None => {}
        }
        if let Some(tree) = self.tree() {
            return Ok(Base::Tree(tree));
        }
        match (is_delegated(&unit) || unit == self.root) && is_ours(&unit) {
            true => Ok(Base::Unit(unit)),
            false => Ok(Base::Scope),
        }
    }
    // ANCHOR_END: base

    /// A directory that was asked for, which need not be there yet.
    fn below(&self, path: &str) -> Result<PathBuf> {
        let dir = self.named(path);
        let there = dir.ancestors().find(|above| above.exists()).unwrap_or(&self.root);
        let cause = match (is_ours(there), self.reaches(there)) {
            (true, true) => return Ok(dir),
            (true, false) => format!("nobody may be moved there from {}, where we are", self.own.display()),
            (false, _) => format!("the cgroup {} is not ours", there.display()),
        };
        Err(Error::because(format!("--cgroup-parent={path}"), cause)
            .code(code::BAD_PARENT)
            .hint("name a slice of your systemd's, which moves for us: --cgroup-parent=NAME.slice"))
    }

    /// Where a path from the root of the tree is. It has no `..` in it (`Placement`).
    fn named(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Where a container is, or its scope, that was put into a parent of its own.
    pub(crate) fn chosen(&self, parent: &str, id: &str) -> PathBuf {
        match placement::slice(parent) {
            Some(slice) => self.manager().unwrap_or_else(|| self.root.clone()).join(slice).join(scope(id)),
            None => self.named(parent).join(format!("podling-{id}")),
        }
    }

    /// The cgroup that we were started in.
    fn unit(&self) -> PathBuf {
        match (self.own.file_name(), self.own.parent()) {
            (Some(name), Some(parent)) if name == RUNTIME => parent.into(),
            _ => self.own.clone(),
        }
    }

    /// The directory of containers without a unit: in what the system has given to the user's own systemd, when we are
    /// somewhere in it too; for root anywhere.
    fn tree(&self) -> Option<PathBuf> {
        if self.uid == 0 && geteuid().is_root() {
            // A root that has a type is a container's, and there processes are.
            let is_real = !self.root.join("cgroup.type").exists();
            return (is_real && is_ours(&self.root)).then(|| self.root.join(TREE));
        }
        let manager = format!("user@{}.service", self.uid);
        let above = self.own.ancestors().find(|dir| dir.file_name().is_some_and(|name| *name == *manager))?;
        (above != self.own && is_ours(above)).then(|| above.join(TREE))
    }

    /// Whether we may move what is where we are to `cgroup`: who does so must be allowed to write to what is above both.
    pub(crate) fn reaches(&self, cgroup: &Path) -> bool {
        let above = self.own.ancestors().find(|dir| cgroup.starts_with(dir));
        above.is_some_and(|dir| access(&dir.join("cgroup.procs"), AccessFlags::W_OK).is_ok())
    }

    /// Where containers of ours may have left a cgroup, wherever we are: to remove one takes no right above it.
    pub(crate) fn places(&self) -> Vec<PathBuf> {
        let tree = if self.uid == 0 { Some(self.root.clone()) } else { self.manager() }.map(|dir| dir.join(TREE));
        let unit = Some(self.unit()).filter(|unit| *unit != self.root && Some(unit) != tree.as_ref() && is_ours(unit));
        tree.into_iter().chain(unit).collect()
    }

    /// Where the scopes are that systemd has made for containers.
    pub(crate) fn scopes(&self) -> Option<PathBuf> {
        self.manager().map(|dir| dir.join("user.slice"))
    }

    /// What the user's own systemd has, when it runs.
    pub(crate) fn manager(&self) -> Option<PathBuf> {
        let path = format!("user.slice/user-{0}.slice/user@{0}.service", self.uid);
        Some(self.root.join(path)).filter(|dir| dir.exists())
    }
}

/// The directory of a process's cgroup (ours when there is no `pid`), when it is in what we see.
pub(crate) fn of(root: &Path, pid: Option<Pid>) -> Option<PathBuf> {
    let who = pid.map_or("self".into(), |pid| pid.to_string());
    let text = fs::read_to_string(format!("/proc/{who}/cgroup")).ok()?;
    parse(&text).map(|path| root.join(path)).filter(|dir| dir.exists())
}

/// The line of cgroup v2 in `/proc/PID/cgroup`, without its first slash. Paths from `/..` on are outside of our cgroup
/// namespace.
fn parse(text: &str) -> Option<&str> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    (!path.starts_with("..")).then_some(path)
}

/// The name of a container's unit, when systemd makes one for it.
pub(crate) fn scope(id: &str) -> String {
    format!("podling-{id}.scope")
}

/// Whether we may make cgroups in it and move processes within it.
fn is_ours(dir: &Path) -> bool {
    let writable = |path: &Path| access(path, AccessFlags::W_OK).is_ok();
    writable(dir) && ["cgroup.procs", "cgroup.subtree_control"].iter().all(|file| writable(&dir.join(file)))
}

/// Whether systemd keeps its hands off what is below: since version 251 it says so by an attribute.
fn is_delegated(dir: &Path) -> bool {
    ["user.delegate", "trusted.delegate"].iter().any(|name| {
        let mut value = [0; 8];
        rustix::fs::getxattr(dir, *name, &mut value).is_ok_and(|length| value.get(..length) == Some(b"1".as_slice()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_version_two() {
        assert_eq!(parse("4:memory:/a\n0::/user.slice/x\n"), Some("user.slice/x"));
        assert_eq!(parse("0::/\n"), Some(""));
        assert_eq!(parse("0::/../../user.slice\n"), None);
        assert_eq!(parse("4:memory:/a\n"), None);
    }

    /// A tree of plain files: what is chosen depends on names and rights only.
    fn hierarchy(root: &Path, own: &str, uid: u32) -> Hierarchy {
        for dir in Path::new(own).ancestors() {
            let dir = root.join(dir);
            fs::create_dir_all(&dir).unwrap();
            for file in ["cgroup.procs", "cgroup.subtree_control", "cgroup.type"] {
                fs::write(dir.join(file), "").unwrap();
            }
        }
        Hierarchy { root: root.into(), own: root.join(own), uid }
    }

    fn base(own: &str, mode: Mode) -> String {
        let placement = Placement { mode, ..Placement::default() };
        let root = tempfile::tempdir().unwrap();
        match hierarchy(root.path(), own, 1000).base("1a", &placement) {
            Ok(base) => format!("{base:?}").replace(&format!("{}/", root.path().display()), ""),
            Err(error) => error.to_string().replace(&format!("{}/", root.path().display()), ""),
        }
    }

    #[test]
    fn where_a_container_goes() {
        let manager = "user.slice/user-1000.slice/user@1000.service";
        for (own, mode, expected) in [
            (
                format!("{manager}/app.slice/term.scope"),
                Mode::Enabled,
                format!("Tree({:?})", format!("{manager}/podling")),
            ),
            (
                format!("{manager}/app.slice/web.service"),
                Mode::Split,
                format!("Unit({:?})", format!("{manager}/app.slice/web.service")),
            ),
            (
                format!("{manager}/app.slice/web.service/runtime"),
                Mode::Split,
                format!("Unit({:?})", format!("{manager}/app.slice/web.service")),
            ),
            (
                format!("{manager}/user.slice/podling-1a.scope/runtime"),
                Mode::Enabled,
                format!("Unit({:?})", format!("{manager}/user.slice/podling-1a.scope")),
            ),
            (
                format!("{manager}/user.slice/podling-2b.scope/runtime"),
                Mode::Enabled,
                format!("Tree({:?})", format!("{manager}/podling")),
            ),
            ("user.slice/user-1000.slice/session-3.scope".into(), Mode::Enabled, "Scope".into()),
            ("user.slice/user-1001.slice/user@1001.service/app.slice".into(), Mode::NoConmon, "Scope".into()),
        ] {
            assert_eq!(base(&own, mode), expected, "{own}");
        }
    }

    #[test]
    fn a_cgroup_that_is_not_ours_cannot_be_split() {
        let root = tempfile::tempdir().unwrap();
        let mut hierarchy = hierarchy(root.path(), "session-3.scope", 1000);
        hierarchy.own = root.path().join("gone");
        let answer = hierarchy
            .base("1a", &Placement { mode: Mode::Split, ..Placement::default() })
            .map_err(|error| error.to_string());
        assert!(answer.is_err_and(|text| text.contains("Delegate=yes")));
    }
}
