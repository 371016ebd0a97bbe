//! Sets of capabilities: root's power in forty-one pieces (capabilities(7)).

use std::fmt;

use process::{Error, Result, code};
use rustix::thread::CapabilitySet;

/// By number (linux/capability.h).
const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// Podman's default: what programs in images expect root to be able to do, and none of it reaches the host.
const DEFAULT: [&str; 11] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// A set of capabilities; bit `n` is the capability numbered `n`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CapSet(pub u64);

impl CapSet {
    /// None.
    pub const EMPTY: CapSet = CapSet(0);

    /// All that this program knows a name for. What the kernel does not have is left out when it is applied.
    pub const ALL: CapSet = CapSet((1 << NAMES.len()) - 1);

    /// The eleven that a container's root has unless told otherwise.
    #[must_use]
    pub fn default_for_root() -> CapSet {
        DEFAULT.iter().filter_map(|name| position(name)).fold(CapSet::EMPTY, CapSet::with)
    }

    /// Reads names, with or without `CAP_`, in any case. `ALL` is all of them.
    ///
    /// # Errors
    /// The first name that is none.
    pub fn parse<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Result<CapSet> {
        names.into_iter().try_fold(CapSet::EMPTY, |set, name| {
            if is_all(name.as_ref()) {
                return Ok(CapSet::ALL);
            }
            let unknown = || Error::new(format!("unknown capability \"{}\"", name.as_ref())).code(code::BAD_CAPABILITY);
            position(name.as_ref()).map(|number| set.with(number)).ok_or_else(unknown)
        })
    }

    /// The default changed by what is added and dropped, with Podman's rules: dropping `ALL` leaves what is
    /// added, and nothing may be in both lists.
    ///
    /// # Errors
    /// An unknown name, or a contradiction.
    // ANCHOR: merge
    pub fn merge(self, add: &[String], drop: &[String]) -> Result<CapSet> {
        let all = |names: &[String]| names.iter().any(|name| is_all(name));
        let (added, dropped) = (CapSet::parse(add)?, CapSet::parse(drop)?);
        match (all(add), all(drop)) {
            (true, true) => {
                Err(Error::new("adding all caps and removing all caps not allowed").code(code::BAD_CAPABILITY))
            }
            (false, true) => Ok(added),
            (true, false) => Ok(CapSet::ALL.minus(dropped)),
            (false, false) => {
                match CapSet(added.0 & dropped.0).names().first() {
                    Some(name) => Err(Error::new(format!("capability \"{name}\" cannot be dropped and added"))
                        .code(code::BAD_CAPABILITY)),
                    None => Ok(CapSet(self.0 | added.0).minus(dropped)),
                }
            }
        }
    }
    // ANCHOR_END: merge

    /// Whether the capability of that name is in it.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        position(name).is_some_and(|number| self.0 & 1 << number != 0)
    }

    /// Whether there is none in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// `CAP_...`, by number.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let known = NAMES.iter().enumerate();
        known.filter(|(number, _)| self.0 & 1 << number != 0).map(|(_, name)| *name).collect()
    }

    /// What is in both.
    #[must_use]
    pub fn and(self, other: CapSet) -> CapSet {
        CapSet(self.0 & other.0)
    }

    /// What is in this one only.
    #[must_use]
    pub fn minus(self, other: CapSet) -> CapSet {
        CapSet(self.0 & !other.0)
    }

    fn with(self, number: usize) -> CapSet {
        CapSet(self.0 | 1 << number)
    }

    /// The set whose bits these are, as in `/proc/PID/status`.
    #[must_use]
    pub fn from_bits(bits: u64) -> CapSet {
        CapSet(bits)
    }

    /// One set for each.
    pub fn each(self) -> impl Iterator<Item = CapSet> {
        (0..64).map(|number| CapSet(1 << number)).filter(move |one| self.0 & one.0 != 0)
    }

    pub(crate) fn kernel(self) -> CapabilitySet {
        CapabilitySet::from_bits_retain(self.0)
    }
}

impl fmt::Display for CapSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

fn is_all(name: &str) -> bool {
    name.eq_ignore_ascii_case("ALL")
}

fn position(name: &str) -> Option<usize> {
    let name = name.to_ascii_uppercase();
    let bare = name.strip_prefix("CAP_").unwrap_or(&name);
    NAMES.iter().position(|known| known.strip_prefix("CAP_") == Some(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).into()).collect()
    }

    #[test]
    fn names_are_read_in_any_case_with_or_without_prefix() {
        for name in ["CAP_SYS_ADMIN", "sys_admin", "Cap_Sys_Admin"] {
            assert_eq!(CapSet::parse([name]), Ok(CapSet(1 << 21)));
        }
        assert!(CapSet::parse(["CAP_CAP_CHOWN"]).is_err());
        assert!(CapSet::parse([""]).is_err());
    }

    #[test]
    fn the_default_is_podmans_mask() {
        assert_eq!(CapSet::default_for_root().0, 0x8004_05fb);
    }

    #[test]
    fn merging_follows_podman() {
        let base = CapSet::default_for_root();
        let merge = |add: &[&str], drop: &[&str]| base.merge(&names(add), &names(drop));
        assert_eq!(merge(&[], &[]), Ok(base));
        assert_eq!(merge(&["ALL"], &[]), Ok(CapSet::ALL));
        assert_eq!(merge(&[], &["all"]), Ok(CapSet::EMPTY));
        assert_eq!(merge(&["net_raw"], &["ALL"]), Ok(CapSet(1 << 13)));
        assert_eq!(merge(&["all"], &["chown"]), Ok(CapSet(CapSet::ALL.0 & !1)));
        assert_eq!(merge(&[], &["chown"]), Ok(CapSet(base.0 & !1)));
        assert!(merge(&["chown"], &["CAP_CHOWN"]).is_err());
        assert!(merge(&["all"], &["all"]).is_err());
    }
}
