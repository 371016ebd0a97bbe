//! Mount options: OCI's words (runtime-spec, config.md, "Mounts", which are mount(8)'s) as attributes and data.

use libc::{
    MOUNT_ATTR__ATIME as ATIME, MOUNT_ATTR_NOATIME as NOATIME, MOUNT_ATTR_NODEV as NODEV,
    MOUNT_ATTR_NODIRATIME as NODIRATIME, MOUNT_ATTR_NOEXEC as NOEXEC, MOUNT_ATTR_NOSUID as NOSUID,
    MOUNT_ATTR_NOSYMFOLLOW as NOSYMFOLLOW, MOUNT_ATTR_RDONLY as RDONLY, MOUNT_ATTR_RELATIME as RELATIME,
    MOUNT_ATTR_STRICTATIME as STRICTATIME,
};

use crate::kernel::Attributes;

/// Options of one mount, sorted by whom they concern.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options<'a> {
    /// For this mount.
    pub own: Attributes,
    /// For it and those below it (`rro`, `rprivate`).
    pub all: Attributes,
    /// `Some(recursive)`: a bind mount.
    pub bind: Option<bool>,
    /// What was in the place is in the new file system as well (runc's and crun's `tmpcopyup`).
    pub copy_up: bool,
    /// For the file system.
    pub data: Vec<&'a str>,
}

// ANCHOR: options
impl<'a> Options<'a> {
    /// Later words win; a word that is not ours is the file system's.
    ///
    /// A bind never gets fewer restrictions than its source has: `rw`, `suid`, `dev` and `exec` only take back an
    /// earlier word. In a user namespace the kernel would refuse more (mount_namespaces(7), "locked").
    pub fn parse(words: &'a [String]) -> Options<'a> {
        let mut options = Options::default();
        for word in words {
            let own = &mut options.own;
            let all = &mut options.all;
            match word.as_str() {
                // With those of the owners `Mount::ids` says whose the files are.
                "defaults" | "async" | "idmap" | "ridmap" => {}
                "tmpcopyup" => options.copy_up = true,
                "notmpcopyup" => options.copy_up = false,
                "bind" => options.bind = Some(options.bind.unwrap_or(false)),
                "rbind" => options.bind = Some(true),
                "private" => own.propagation = libc::MS_PRIVATE,
                "slave" => own.propagation = libc::MS_SLAVE,
                "shared" => own.propagation = libc::MS_SHARED,
                "unbindable" => own.propagation = libc::MS_UNBINDABLE,
                "rprivate" => all.propagation = libc::MS_PRIVATE,
                "rslave" => all.propagation = libc::MS_SLAVE,
                "rshared" => all.propagation = libc::MS_SHARED,
                "runbindable" => all.propagation = libc::MS_UNBINDABLE,
                word => match (attribute(word), word.strip_prefix('r').and_then(attribute)) {
                    (Some((bits, on)), _) => change(own, bits, on),
                    (None, Some((bits, on))) => change(all, bits, on),
                    (None, None) => options.data.push(word),
                },
            }
        }
        options
    }
}
// ANCHOR_END: options

fn change(attributes: &mut Attributes, bits: u64, on: bool) {
    if bits & ATIME != 0 || bits == RELATIME {
        // The three ways of keeping access times are one value of several bits.
        attributes.set &= !ATIME;
        attributes.clear |= ATIME;
    }
    attributes.set = if on { attributes.set | bits } else { attributes.set & !bits };
}

/// The attribute that a word sets (or takes back).
fn attribute(word: &str) -> Option<(u64, bool)> {
    Some(match word {
        "ro" => (RDONLY, true),
        "rw" => (RDONLY, false),
        "nosuid" => (NOSUID, true),
        "suid" => (NOSUID, false),
        "nodev" => (NODEV, true),
        "dev" => (NODEV, false),
        "noexec" => (NOEXEC, true),
        "exec" => (NOEXEC, false),
        "nosymfollow" => (NOSYMFOLLOW, true),
        "symfollow" => (NOSYMFOLLOW, false),
        "nodiratime" => (NODIRATIME, true),
        "diratime" => (NODIRATIME, false),
        "noatime" => (NOATIME, true),
        "strictatime" => (STRICTATIME, true),
        "relatime" | "atime" | "norelatime" | "nostrictatime" => (RELATIME, true),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn later_words_win_and_unknown_ones_are_data() {
        let words = words("ro,nosuid,rw,rbind,rprivate,mode=755,newinstance,rro,noatime,relatime");
        let options = Options::parse(&words);
        assert_eq!(options.own, Attributes { set: NOSUID, clear: ATIME, propagation: 0 });
        assert_eq!(options.all, Attributes { set: RDONLY, clear: 0, propagation: libc::MS_PRIVATE });
        assert_eq!(options.bind, Some(true));
        assert_eq!(options.data, ["mode=755", "newinstance"]);
    }
}
