//! A container that another OCI runtime makes: what ours would do with it is written down, and that one reads it.

use std::path::{Path, PathBuf};

use cgroups::{Cgroup, DeviceRule, Limits, Place};
use monitor::{Ends, First};
use namespaces::Space;
use process::{Console, Result};
use runtime::{Around, Container};
use serde_json::{Map, Value};

use super::Keeper;
use crate::foreign::{self, Foreign};
use crate::ids::Ids;
use crate::status::Life;
use crate::{compose, orphans};

impl Keeper {
    /// Its first process, which waits for the other runtime's word.
    ///
    /// # Errors
    /// What that one says; it has nothing left of the container then.
    // ANCHOR: theirs
    pub(super) fn theirs(
        &self,
        by: &Foreign,
        container: &Container,
        stdio: &Ends,
        (place, limits): (&Place, &Limits),
        ids: &Ids,
    ) -> Result<First> {
        let options = &self.record.options;
        // The runtime ends, and what it has started becomes ours.
        orphans::adopt()?;
        let user = &container.confinement.user;
        stdio.give(ids.ours((user.uid, user.gid)))?;
        let profile = compose::profile(options, &container.confinement)?;
        let cgroup = self.cgroup.borrow().clone();
        let files = cgroup.as_ref().map(|cgroup| files(cgroup, limits)).transpose()?;
        let path = cgroup.as_ref().map(within);
        let own_network = options.network.mode.space() == Space::Private;
        let document = container.describe(&Around {
            seccomp: profile.as_ref(),
            terminal: stdio.console().map(Console::window),
            cgroup: path.as_deref().zip(files),
            // Without a cgroup nobody is asked, as by us.
            devices: cgroup.as_ref().filter(|_| namespaces::itself::caller() == 0).map(|_| rules(limits)),
            sysctls: if own_network { &[network::PING] } else { &[] },
        })?;
        let ends = match stdio.console() {
            Some(console) => foreign::Ends::Terminal(console),
            None => foreign::Ends::Pipes(stdio.pipes()?),
        };
        let pid = by.create(&document, ends, cgroup.is_some())?;
        // It does not die with us: whoever mends finds it here, when we are killed before it runs.
        Life::default().begun(pid.as_raw().cast_unsigned()).write(by.directory())?;
        self.parent(place, pid)?;
        self.network_is_up()?;
        let by = by.clone();
        Ok(First::Theirs(pid, Box::new(move || by.start())))
    }
    // ANCHOR_END: theirs
}

/// The limits: we have set them, but it may be one who makes every cgroup afresh.
fn files(cgroup: &Cgroup, limits: &Limits) -> Result<Map<String, Value>> {
    Ok(cgroup.files_of(limits)?.into_iter().map(|(file, value)| (file, value.into())).collect())
}

/// From the root of the tree, as documents have it.
fn within(cgroup: &Cgroup) -> PathBuf {
    let path = cgroup.path();
    Path::new("/").join(path.strip_prefix("/sys/fs/cgroup").unwrap_or(path))
}

/// All that is not allowed is forbidden; what every container may use, the runtime adds.
fn rules(limits: &Limits) -> Vec<DeviceRule> {
    let all = DeviceRule { allow: limits.all_devices, ..DeviceRule::ALL };
    [&[all], &limits.shown[..], &limits.device_rules[..]].concat()
}
