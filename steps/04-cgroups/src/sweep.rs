//! What a monitor that was killed could not remove.

use std::fs;
use std::path::{Path, PathBuf};

use crate::hierarchy::Hierarchy;
use crate::{Cgroup, Placement};

/// Removes the cgroups of containers that are not `alive` (the argument is a container's id), whoever is still in them, and
/// returns how many. Whose cgroup is being made must be alive already.
// ANCHOR: sweep
pub fn sweep(alive: &dyn Fn(&str) -> bool) -> usize {
    let Some(hierarchy) = Hierarchy::find() else { return 0 };
    let dead = |place: &PathBuf, suffix| left(place, suffix).into_iter().filter(|(id, _)| !alive(id));
    let ours = hierarchy.places().iter().flat_map(|place| dead(place, "")).collect::<Vec<_>>();
    let removed = ours.into_iter().filter_map(|(_, cgroup)| cgroup.remove().ok()).count();
    // Those are systemd's: it removes them when nobody is in them any more.
    let scopes = hierarchy.scopes().iter().flat_map(|place| dead(place, ".scope")).collect::<Vec<_>>();
    removed + scopes.into_iter().filter_map(|(_, cgroup)| cgroup.kill().ok()).count()
}
// ANCHOR_END: sweep

impl Placement {
    /// Removes the cgroup of a container that does not live, where this placement has chosen a parent for it. All
    /// others are found by [`sweep`].
    pub fn sweep(&self, id: &str) {
        let (Some(parent), Some(hierarchy)) = (&self.parent, Hierarchy::find()) else { return };
        let left = Cgroup::open(&hierarchy.chosen(parent, id));
        // A scope is systemd's to remove.
        let is_scope = crate::placement::slice(parent).is_some();
        let _ = left.map(|cgroup| if is_scope { cgroup.kill() } else { cgroup.remove() });
    }
}

/// The cgroups `podling-ID` in a directory, each with its id.
fn left(place: &Path, suffix: &str) -> Vec<(String, Cgroup)> {
    let of = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let id = name.to_str()?.strip_prefix("podling-")?.strip_suffix(suffix)?;
        // With a dot it is a unit of systemd's.
        let cgroup = Cgroup::open(&entry.path()).filter(|_| !id.contains('.'))?;
        Some((id.to_owned(), cgroup))
    };
    fs::read_dir(place).into_iter().flatten().flatten().filter_map(of).collect()
}
