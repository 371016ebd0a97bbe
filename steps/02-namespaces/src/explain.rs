//! Namespaces and id maps in words.

use nix::sched::CloneFlags;
use process::explain::{Explain, Line};

use crate::{Extent, Hostname, IdMap, Namespaces};

/// Each kind, and what a process in a new one sees.
pub const KINDS: [(CloneFlags, &str, &str); 6] = [
    (CloneFlags::CLONE_NEWNS, "mnt", "mounts of its own"),
    (CloneFlags::CLONE_NEWPID, "pid", "only processes of its own, the first of them as number 1"),
    (CloneFlags::CLONE_NEWUTS, "uts", "a host name of its own"),
    (CloneFlags::CLONE_NEWIPC, "ipc", "message queues and shared memory of its own"),
    (CloneFlags::CLONE_NEWNET, "net", "interfaces, addresses and ports of its own"),
    (CloneFlags::CLONE_NEWCGROUP, "cgroup", "its own cgroup as the root of all"),
];

/// The namespaces of the flags, a line each.
#[must_use]
pub fn namespaces(flags: CloneFlags) -> Vec<Line> {
    let line = |(_, name, meaning): &(CloneFlags, &str, &str)| Line::new(2, format!("new {name} namespace: {meaning}"));
    KINDS.iter().filter(|(flag, _, _)| flags.contains(*flag)).map(line).collect()
}

/// A map's lines as ranges: `0-0 is 1000 outside`.
#[must_use]
pub fn extents(kind: &str, map: &[Extent]) -> Vec<Line> {
    let range = |first: u32, count: u32| match count {
        1 => first.to_string(),
        _ => format!("{first}-{}", u64::from(first) + u64::from(count) - 1),
    };
    let line = |extent: &Extent| {
        let (inside, outside) = (range(extent.inside, extent.count), range(extent.outside, extent.count));
        Line::new(2, format!("{kind} {inside} inside is {outside} outside"))
    };
    map.iter().map(line).collect()
}

impl Explain for IdMap {
    fn explain(&self) -> Vec<Line> {
        [extents("user", &self.users), extents("group", &self.groups)].concat()
    }
}

impl Explain for Namespaces {
    fn explain(&self) -> Vec<Line> {
        let users = self.users.as_ref().map(|map| {
            let new = Line::new(2, "new user namespace: root inside, and nobody in particular outside");
            [vec![new], map.explain()].concat()
        });
        [users.unwrap_or_default(), namespaces(self.others)].concat()
    }
}

impl Explain for Hostname {
    fn explain(&self) -> Vec<Line> {
        self.0.iter().map(|name| Line::new(2, format!("set the host name to {name}"))).collect()
    }
}
