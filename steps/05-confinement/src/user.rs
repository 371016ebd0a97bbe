//! Who the program is.

use std::fs;

use nix::errno::Errno;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use process::{Error, Result, code};
use rustix::thread::set_keep_capabilities;

/// The user and groups of a program, and the mode bits that its new files do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// User id, inside the container.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
    /// Whether the primary one is among them: a file that denies something to it denies it for good, also after a setgid
    /// program has changed the primary group (CVE-2022-2989). A document of an engine names it itself.
    pub with_primary: bool,
    /// Whether the caller's groups stay instead, also those that have no number inside: what is the host's and a group's
    /// can be used then (Podman's `--group-add keep-groups`).
    pub keep_groups: bool,
    /// umask(2).
    pub umask: u32,
}

impl Default for User {
    fn default() -> User {
        User { uid: 0, gid: 0, groups: Vec::new(), with_primary: true, keep_groups: false, umask: 0o022 }
    }
}

impl User {
    /// Reads `UID[:GID]`. Digits only, for a number that is not quite one must not end as 0 (CVE-2026-30892), and
    /// not 4294967295, which means "unchanged" to the kernel.
    ///
    /// # Errors
    /// Everything else.
    // ANCHOR: user
    pub fn parse(text: &str) -> Result<User> {
        let id = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|id| digits && *id != u32::MAX)
        };
        let (uid, gid) = match text.split_once(':') {
            Some((uid, gid)) => (id(uid), id(gid)),
            None => (id(text), Some(0)),
        };
        match (uid, gid) {
            (Some(uid), Some(gid)) => Ok(User { uid, gid, ..User::default() }),
            _ => {
                Err(Error::new(format!("invalid user \"{text}\": it must be UID or UID:GID, numbers up to 4294967294"))
                    .code(code::NO_USER))
            }
        }
    }
    // ANCHOR_END: user

    /// Becomes this user: groups first, because after the user id there is no right to do so any more. The
    /// permitted capabilities stay, for what has to be done still needs them.
    // ANCHOR: become
    pub(crate) fn apply(&self) -> Result<()> {
        // To the kernel it means "unchanged": who asks for it would stay root.
        if [self.uid, self.gid].contains(&u32::MAX) {
            return Err(Error::new(format!("become user {}:{}: {} is nobody's number", self.uid, self.gid, u32::MAX))
                .code(code::NO_USER));
        }
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        set_keep_capabilities(true).map_err(|errno| Error::os("keep the capabilities", errno))?;
        self.set_groups()?;
        setresgid(gid, gid, gid).map_err(|errno| unmapped(format!("become group {gid}"), errno))?;
        setresuid(uid, uid, uid).map_err(|errno| unmapped(format!("become user {uid}"), errno))?;
        set_keep_capabilities(false).map_err(|errno| Error::os("no longer keep the capabilities", errno))
    }
    // ANCHOR_END: become

    fn set_groups(&self) -> Result<()> {
        if self.keep_groups {
            return Ok(());
        }
        let further = self.groups.iter().filter(|group| !self.with_primary || **group != self.gid);
        let groups = self.with_primary.then_some(&self.gid).into_iter().chain(further);
        let groups: Vec<Gid> = groups.map(|group| Gid::from_raw(*group)).collect();
        match setgroups(&groups) {
            // Without subordinate ids nobody may leave a group, for a group can also be what denies access
            // (user_namespaces(7)); then the caller's groups stay.
            Err(Errno::EPERM) if self.groups.is_empty() && denied() => Ok(()),
            other => other.map_err(|errno| unmapped("set the supplementary groups", errno)),
        }
    }

    pub(crate) fn mask(&self) {
        umask(Mode::from_bits_truncate(self.umask));
    }
}

fn denied() -> bool {
    fs::read("/proc/self/setgroups").is_ok_and(|text| text.starts_with(b"deny"))
}

/// An error about a user or a group, which the kernel calls invalid when the namespace has no number for it.
pub fn unmapped(tried: impl Into<String>, errno: Errno) -> Error {
    let error = Error::os(tried, errno);
    if errno != Errno::EINVAL {
        return error;
    }
    error
        .hint("the container has no such id: its map says which there are, and /etc/subuid and /etc/subgid how many it can have")
        .code(code::UNMAPPED_ID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_exact() {
        for (text, uid, gid) in [("0", 0, 0), ("1000", 1000, 0), ("1:2", 1, 2), ("4294967294:0", 4_294_967_294, 0)] {
            assert_eq!(User::parse(text), Ok(User { uid, gid, ..User::default() }), "{text}");
        }
        for text in [
            "",
            ":",
            "1:",
            ":1",
            "+1",
            "-1",
            "1x",
            "0x1",
            " 1",
            "1 ",
            "1:+1",
            "1:1:1",
            "4294967295",
            "4294967296",
            "1:4294967296",
            "18446744073709551616",
            "root",
            "１",
        ] {
            assert!(User::parse(text).is_err(), "{text}");
        }
    }
}
