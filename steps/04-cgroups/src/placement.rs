//! Where a container's cgroup is, and what it sees of the tree.

use std::path::{Component, Path};

use clap::ArgMatches;
use namespaces::Space;
use process::{Error, Result, code};
use rootfs::Mount;
use serde::{Deserialize, Serialize};

use crate::hierarchy;

/// Whose a container's cgroup is: `--cgroups`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Its own, apart from the caller's, and who watches it beside it.
    #[default]
    Enabled,
    /// The caller's.
    Disabled,
    /// Its own, within the caller's, which is a unit of systemd with `Delegate=yes`.
    Split,
    /// Its own, while who watches it stays in the caller's.
    NoConmon,
}

/// Where a container's cgroup is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Placement {
    /// Whose it is.
    pub mode: Mode,
    /// A slice of systemd's (`NAME.slice`), or a path from the root of the tree, to have it in.
    pub parent: Option<String>,
    /// What the container sees (`--cgroupns`): its own cgroup as if it were the root, all that its caller sees, or what
    /// somebody else does.
    pub namespace: Space,
    /// What it is called there, one word of a path; else after the container.
    #[serde(skip)]
    pub name: Option<String>,
}

impl Placement {
    /// What the flags chose.
    ///
    /// # Errors
    /// What cannot be, in Podman's words.
    pub fn from_arguments(matches: &ArgMatches) -> Result<Placement> {
        let text = |name| matches.get_one::<String>(name).map(String::as_str).filter(|text| !text.is_empty());
        let mode = match text("cgroups") {
            Some("disabled") => Mode::Disabled,
            Some("split") => Mode::Split,
            Some("no-conmon") => Mode::NoConmon,
            _ => Mode::Enabled,
        };
        let namespace = text("cgroupns").map_or(Ok(Space::Private), Space::parse)?;
        let placement = Placement { mode, parent: text("cgroup-parent").map(str::to_owned), namespace, name: None };
        placement.check()?;
        Ok(placement)
    }

    /// Says no to what cannot be anywhere.
    fn check(&self) -> Result<()> {
        let Some(parent) = &self.parent else { return Ok(()) };
        match self.mode {
            Mode::Disabled => {
                return Err(Error::new("cannot set cgroup parent if not creating cgroups").code(code::CONFLICT));
            }
            Mode::Split => return Err(Error::new("cannot set cgroup parent with --cgroups=split").code(code::CONFLICT)),
            Mode::Enabled | Mode::NoConmon => {}
        }
        let leads_out = Path::new(parent).components().any(|part| part == Component::ParentDir);
        let is_unit = parent.contains('/') || slice(parent).is_some() || !parent.ends_with(".slice");
        match leads_out || !is_unit {
            true => {
                Err(Error::new(format!("--cgroup-parent={parent}: neither a slice nor a path in the tree of cgroups"))
                    .code(code::BAD_PARENT))
            }
            false => Ok(()),
        }
    }

    /// What the container's cgroup is called.
    pub(crate) fn name(&self, id: &str) -> String {
        self.name.clone().unwrap_or_else(|| format!("podling-{id}"))
    }

    /// What its unit is called, when systemd makes one for it.
    pub(crate) fn scope(&self, id: &str) -> String {
        self.name.as_ref().map_or_else(|| hierarchy::scope(id), |name| format!("{name}.scope"))
    }

    /// Whether the container has a cgroup namespace of its own.
    #[must_use]
    pub fn own_namespace(&self) -> bool {
        self.namespace == Space::Private
    }

    /// Its view of cgroups, to read and not to change; `None` where the system has cgroup v1.
    #[must_use]
    pub fn mount(&self) -> Option<Mount> {
        let root = hierarchy::ROOT;
        hierarchy::is_unified().then(|| match &self.namespace {
            Space::Private | Space::Container(_) | Space::Path(_) => {
                Mount::new("cgroup2", root, "ro,nosuid,noexec,nodev")
            }
            // Whoever has no cgroup namespace cannot mount its root. What is mounted below is to be as little the
            // container's to change (CVE-2023-25809).
            Space::Host => Mount::bind(root, root, "rbind,rprivate,rro,nosuid,noexec,nodev"),
        })
    }
}

/// The path of a slice below its systemd's root: `a-b.slice` is in `a.slice` (systemd.slice(5)). `None` for what is no
/// name of a slice.
pub(crate) fn slice(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".slice")?;
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_.\\".contains(&byte))
    };
    let words: Vec<&str> = stem.split('-').collect();
    let path = |count| format!("{}.slice", words[..count].join("-"));
    let is_name = words.iter().all(|word| is_word(word)) && !stem.starts_with('.');
    is_name.then(|| (1..=words.len()).map(path).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_in_those_that_it_is_named_after() {
        assert_eq!(slice("user.slice").as_deref(), Some("user.slice"));
        assert_eq!(slice("a-b-c.slice").as_deref(), Some("a.slice/a-b.slice/a-b-c.slice"));
        for name in ["user", ".slice", "-.slice", "a--b.slice", "..slice", "...slice", "a/b.slice", "a b.slice"] {
            assert_eq!(slice(name), None, "{name}");
        }
    }

    /// As crun's sub-cgroup of 2026: a path that leaves the tree.
    #[test]
    fn a_parent_is_in_the_tree() {
        let asked = |words: &[&str]| {
            let command = crate::arguments(clap::Command::new("run"));
            let matches = command.try_get_matches_from([&["run"], words].concat()).unwrap();
            Placement::from_arguments(&matches).map_err(|error| error.to_string())
        };
        for parent in ["..", "../..", "/..", "a/../../b", "../foo.slice", "/a/..", "a b.slice", "--.slice"] {
            let flag = format!("--cgroup-parent={parent}");
            let answer = format!("{flag}: neither a slice nor a path in the tree of cgroups");
            assert_eq!(asked(&[&flag]), Err(answer), "{parent}");
        }
        for parent in ["foo.slice", "/a/b", "a", "machine.slice/mine"] {
            assert_eq!(asked(&["--cgroup-parent", parent]).unwrap().parent.as_deref(), Some(parent));
        }
        for (words, answer) in [
            (["--cgroups=disabled", "--cgroup-parent=a.slice"], "cannot set cgroup parent if not creating cgroups"),
            (["--cgroups=enabled", "--cgroupns=foo"], "unrecognized namespace mode foo passed"),
            (
                ["--cgroups=enabled", "--cgroupns=container:"],
                "invalid config provided: namespace mode container requires a value",
            ),
        ] {
            assert_eq!(asked(&words), Err(answer.to_owned()));
        }
    }
}
