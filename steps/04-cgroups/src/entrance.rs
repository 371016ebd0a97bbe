//! Into a cgroup that a container has already, as `exec` goes.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use nix::unistd::Pid;
use process::{Error, Result};

use crate::bus::Bus;
use crate::hierarchy::Hierarchy;
use crate::{Cgroup, scope};

/// A way into a cgroup. It is opened where `/sys/fs/cgroup` and D-Bus are the host's, and leads there from everywhere: from
/// within the container's own mounts too.
pub struct Entrance {
    cgroup: Cgroup,
    procs: File,
    /// When we may not move a process from where we are, systemd may.
    systemd: Option<RefCell<Bus>>,
}

impl Cgroup {
    /// Opens the way into it, for a process that comes from where we are. When systemd would have to be asked (20 ms) it
    /// is asked for a container that has limits, which hold all that comes later too; else the answer is `None`.
    ///
    /// # Errors
    /// When the cgroup is gone, or when systemd has to be asked and cannot be.
    pub fn entrance(&self, limited: bool) -> Result<Option<Entrance>> {
        let procs = OpenOptions::new().write(true).open(self.path().join("cgroup.procs"));
        let procs = procs.map_err(|error| Error::os(format!("open the cgroup {}", self.path().display()), error))?;
        let reaches = Hierarchy::find().is_none_or(|hierarchy| hierarchy.reaches(self.path()));
        let systemd = match (reaches, limited) {
            (true, _) => None,
            (false, true) => Some(RefCell::new(Bus::ours()?)),
            (false, false) => return Ok(None),
        };
        Ok(Some(Entrance { cgroup: self.clone(), procs, systemd }))
    }
}

impl Entrance {
    /// Moves a process into the cgroup.
    ///
    /// # Errors
    /// When it stays where it is.
    // ANCHOR: enter
    pub fn enter(&self, pid: Pid) -> Result<()> {
        if let Some(systemd) = &self.systemd {
            let bus = &mut *systemd.borrow_mut();
            match unit(self.cgroup.path()) {
                Some((unit, below)) => return scope::attach(bus, unit, below, pid),
                // From a scope in our own tree it is only one more step.
                None => scope::start(bus, &format!("podling-enters-{pid}.scope"), None, &[pid])?,
            }
        }
        (&self.procs).write_all(pid.to_string().as_bytes()).map_err(|error| {
            Error::os(format!("move process {pid} to the cgroup {}", self.cgroup.path().display()), error)
        })
    }
    // ANCHOR_END: enter
}

/// The unit that a cgroup is in, and the path in there; `None` for one in the tree of a user's systemd itself.
fn unit(path: &Path) -> Option<(&str, &str)> {
    let path = path.to_str()?;
    let is_unit = |name: &&str| name.ends_with(".service") || name.ends_with(".scope");
    let unit = path.split('/').rfind(is_unit).filter(|unit| !unit.starts_with("user@"))?;
    let (_, below) = path.rsplit_once(unit)?;
    Some((unit, below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_the_last_one() {
        let manager = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service";
        for (below, expected) in [
            ("podling/podling-1a", None),
            ("user.slice/podling-1a.scope/podling-1a", Some(("podling-1a.scope", "/podling-1a"))),
            ("app.slice/web.service/podling-1a", Some(("web.service", "/podling-1a"))),
        ] {
            assert_eq!(unit(Path::new(&format!("{manager}/{below}"))), expected);
        }
        assert_eq!(unit(Path::new("/sys/fs/cgroup/podling/podling-1a")), None);
    }
}
