//! The five sets of a process, and how they become those of the program.

use process::{Error, Result};
use rustix::io::Errno;
use rustix::thread::{
    CapabilitySets, capabilities, clear_ambient_capability_set, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities,
};

use crate::CapSet;

/// What a process may do (capabilities(7), "Thread capability sets").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The limit of what any program started later can get, be it setuid root.
    pub bounding: CapSet,
    /// What the kernel looks at.
    pub effective: CapSet,
    /// What may be made effective.
    pub permitted: CapSet,
    /// What passes through exec into programs whose file has the same: empty, unless ambient needs it
    /// (a set that is not empty is CVE-2022-24769 and its family).
    pub inheritable: CapSet,
    /// What a program of a user other than root keeps through exec.
    pub ambient: CapSet,
}

impl Capabilities {
    /// Podman's default: eleven for root; nobody else has one, only the limit stays.
    #[must_use]
    pub fn default_for(uid: u32) -> Capabilities {
        Capabilities::of(uid, CapSet::default_for_root(), CapSet::EMPTY)
    }

    /// The default with `--cap-add` and `--cap-drop`. Another user than root gets what was added, and no more.
    ///
    /// # Errors
    /// See [`CapSet::merge`].
    pub fn requested(uid: u32, add: &[String], drop: &[String]) -> Result<Capabilities> {
        let merged = CapSet::default_for_root().merge(add, drop)?;
        Ok(Capabilities::of(uid, merged, CapSet::parse(add)?.and(merged)))
    }

    fn of(uid: u32, bounding: CapSet, added: CapSet) -> Capabilities {
        match uid {
            0 => Capabilities { bounding, effective: bounding, permitted: bounding, ..Capabilities::default() },
            _ => Capabilities { bounding, effective: added, permitted: added, inheritable: added, ambient: added },
        }
    }

    /// Only what this process can give at all: a set that asks for more is no error, as in Podman.
    fn possible(&self) -> Result<Capabilities> {
        let have = CapSet(sets()?.permitted.bits());
        let permitted = self.permitted.and(have);
        let inheritable = self.inheritable.and(have);
        Ok(Capabilities {
            bounding: self.bounding,
            effective: self.effective.and(permitted),
            permitted,
            inheritable,
            ambient: self.ambient.and(permitted).and(inheritable),
        })
    }

    /// Takes from the limit what is not in it. Needs `CAP_SETPCAP`, so it comes before the sets are changed.
    // ANCHOR: caps
    pub(crate) fn limit(&self) -> Result<()> {
        for one in CapSet(u64::MAX).minus(self.bounding).each() {
            match remove_capability_from_bounding_set(one.kernel()) {
                // Beyond the kernel's last one there is nothing to drop.
                Err(Errno::INVAL) => break,
                result => result.map_err(|errno| Error::os(format!("drop {one} from the bounding set"), errno))?,
            }
        }
        Ok(())
    }

    /// Sets the other four. Ambient comes last, because it must be permitted and inheritable already.
    pub(crate) fn apply(&self) -> Result<()> {
        let wanted = self.possible()?;
        clear_ambient_capability_set().map_err(|errno| Error::os("clear the ambient capabilities", errno))?;
        let sets = CapabilitySets {
            effective: wanted.effective.kernel(),
            permitted: wanted.permitted.kernel(),
            inheritable: wanted.inheritable.kernel(),
        };
        set_capabilities(None, sets).map_err(|errno| Error::os("set the capabilities", errno))?;
        for one in wanted.ambient.each() {
            configure_capability_in_ambient_set(one.kernel(), true)
                .map_err(|errno| Error::os(format!("make {one} ambient"), errno))?;
        }
        Ok(())
    }
    // ANCHOR_END: caps

    /// Makes effective all that is permitted: a change of the user id has emptied the effective set.
    pub(crate) fn regain() -> Result<()> {
        let now = sets()?;
        set_capabilities(None, CapabilitySets { effective: now.permitted, ..now })
            .map_err(|errno| Error::os("make the capabilities effective", errno))
    }
}

fn sets() -> Result<CapabilitySets> {
    capabilities(None).map_err(|errno| Error::os("read the capabilities", errno))
}
