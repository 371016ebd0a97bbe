//! Who is who: the ids inside a user namespace and those outside.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::unistd::{Pid, getegid, geteuid};
use process::{Error, Result, code, prerequisite};

use crate::subid::{Range, ranges};

/// One line of `/proc/PID/uid_map`: `count` ids, from `inside` in the namespace and from `outside` in its parent
/// (user_namespaces(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The first id in the namespace.
    pub inside: u32,
    /// The first id outside.
    pub outside: u32,
    /// How many.
    pub count: u32,
}

/// The two maps of a user namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMap {
    /// User ids.
    pub users: Vec<Extent>,
    /// Group ids.
    pub groups: Vec<Extent>,
}

impl IdMap {
    /// The caller is root inside; its subordinate ids are 1 and up. One that has none is alone there.
    ///
    /// # Errors
    /// When the files that give them cannot be read.
    // ANCHOR: map
    pub fn of_caller() -> Result<IdMap> {
        let uid = geteuid();
        let (users, groups) = (ranges(Path::new("/etc/subuid"), uid)?, ranges(Path::new("/etc/subgid"), uid)?);
        if users.is_empty() || groups.is_empty() {
            return Ok(IdMap::alone());
        }
        Ok(IdMap { users: extents(uid.as_raw(), &users), groups: extents(getegid().as_raw(), &groups) })
    }
    // ANCHOR_END: map

    /// The caller alone, who is root inside.
    #[must_use]
    pub fn alone() -> IdMap {
        IdMap { users: extents(geteuid().as_raw(), &[]), groups: extents(getegid().as_raw(), &[]) }
    }

    /// That of a running process, as seen from our namespace.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn of_process(pid: u32) -> Result<IdMap> {
        let read = |file: &str| {
            let path = format!("/proc/{pid}/{file}");
            let text = std::fs::read_to_string(&path).map_err(|error| Error::os(format!("read {path}"), error))?;
            Ok(text.lines().filter_map(line).collect())
        };
        Ok(IdMap { users: read("uid_map")?, groups: read("gid_map")? })
    }

    /// Whether it has one user and one group: nobody else's files can be made, and no program can become another user.
    #[must_use]
    pub fn is_single(&self) -> bool {
        [&self.users, &self.groups].iter().all(|map| matches!(map[..], [Extent { count: 1, .. }]))
    }

    /// Writes both maps of the process. The kernel lets an ordinary user map nobody but itself; the two setuid
    /// helpers of the system look the rest up in `/etc/subuid` and `/etc/subgid`, and write for us.
    ///
    /// # Errors
    /// When a helper is missing or refuses.
    // ANCHOR: write
    pub fn write(&self, pid: Pid) -> Result<()> {
        if geteuid().is_root() {
            return self.write_files(pid);
        }
        if self.is_single() {
            // Its own ids anybody may map, once the process cannot drop a group any more: a group may be there to deny
            // something (user_namespaces(7), CVE-2014-8989).
            let path = format!("/proc/{pid}/setgroups");
            std::fs::write(&path, "deny").map_err(|error| Error::os(format!("write {path}"), error))?;
            return self.write_files(pid);
        }
        // Side by side: each costs more than the rest of the start.
        let users = Helper::start("newuidmap", pid, &self.users)?;
        let groups = Helper::start("newgidmap", pid, &self.groups);
        let users = users.finish();
        // Also when the first one failed: nobody is left behind.
        let groups = groups.and_then(Helper::finish);
        users.and(groups)
    }
    // ANCHOR_END: write

    /// Without a helper.
    fn write_files(&self, pid: Pid) -> Result<()> {
        for (file, map) in [("uid_map", &self.users), ("gid_map", &self.groups)] {
            let path = format!("/proc/{pid}/{file}");
            let line = |extent: &Extent| format!("{} {} {}\n", extent.inside, extent.outside, extent.count);
            std::fs::write(&path, map.iter().map(line).collect::<String>())
                .map_err(|error| Error::os(format!("write {path}"), error))?;
        }
        Ok(())
    }
}

fn line(text: &str) -> Option<Extent> {
    let mut numbers = text.split_whitespace().filter_map(|number| number.parse().ok());
    Some(Extent { inside: numbers.next()?, outside: numbers.next()?, count: numbers.next()? })
}

fn extents(id: u32, ranges: &[Range]) -> Vec<Extent> {
    let mut map = vec![Extent { inside: 0, outside: id, count: 1 }];
    let mut inside = 1;
    for range in ranges {
        map.push(Extent { inside, outside: range.first, count: range.count });
        inside += range.count;
    }
    map
}

/// A running newuidmap(1) or newgidmap(1).
struct Helper {
    name: &'static str,
    child: Child,
}

impl Helper {
    fn start(name: &'static str, pid: Pid, map: &[Extent]) -> Result<Helper> {
        let fields = map.iter().flat_map(|extent| [extent.inside, extent.outside, extent.count]);
        Command::new(name)
            .arg(pid.to_string())
            .args(fields.map(|field| field.to_string()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map(|child| Helper { name, child })
            .map_err(|error| {
                Error::os(format!("start {name}, which maps the ids of a container"), error)
                    .hint(prerequisite::hint("newuidmap"))
                    .code(code::NO_NEWUIDMAP)
            })
    }

    fn finish(self) -> Result<()> {
        let name = self.name;
        let output = self.child.wait_with_output().map_err(|error| Error::os(format!("wait for {name}"), error))?;
        if output.status.success() {
            return Ok(());
        }
        let says = String::from_utf8_lossy(&output.stderr);
        // It begins with its own name.
        let says = says.trim().trim_start_matches(name).trim_start_matches(": ");
        Err(Error::because(format!("map ids with {name}"), if says.is_empty() { "it failed" } else { says })
            .hint("its range must be in /etc/subuid and /etc/subgid, and it needs its setuid bit or file capability; `podling doctor` looks at both")
            .code(code::NEWUIDMAP_REFUSED))
    }
}
