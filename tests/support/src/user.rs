//! Who the tests run as.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use nix::unistd::{Uid, chown, geteuid};

use crate::prerequisite::mending;

/// The user that the tests drop to when they are started as root; `scripts/setup --test-user` makes it.
const TEST_USER: &str = "podling-test";

/// An unprivileged user with subordinate ids.
#[derive(Debug, Clone)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// The primary group id.
    pub gid: u32,
    /// First subordinate user id and how many there are.
    pub subuid: (u32, u32),
    /// First subordinate group id and how many there are.
    pub subgid: (u32, u32),
    /// Whether the tests were started by root and have to become this user.
    pub drop: bool,
}

/// The user that rootless tests run as: the caller, or `podling-test` when the caller is root.
///
/// # Panics
/// When the user or its subordinate ids are missing; the message says what to run.
pub fn user() -> &'static User {
    static USER: OnceLock<User> = OnceLock::new();
    USER.get_or_init(|| {
        let drop = geteuid().is_root();
        let found = if drop {
            nix::unistd::User::from_name(TEST_USER)
                .expect("read /etc/passwd")
                .unwrap_or_else(|| panic!("there is no user {TEST_USER}; run: sudo scripts/setup --test-user"))
        } else {
            nix::unistd::User::from_uid(geteuid())
                .expect("read /etc/passwd")
                .unwrap_or_else(|| panic!("user {} is not in /etc/passwd", geteuid()))
        };
        let mend = if drop { "sudo scripts/setup --test-user" } else { "scripts/setup" };
        let subordinate = |file| {
            subordinate(file, &found.name, found.uid).unwrap_or_else(|| {
                panic!("user {0} has no line in {file}; run: {mend} ({1})", found.name, mending("subids", &found.name))
            })
        };
        assert!(
            ["/usr/bin/newuidmap", "/bin/newuidmap", "/usr/local/bin/newuidmap"].iter().any(|p| Path::new(p).exists()),
            "newuidmap is missing; run: scripts/setup ({})",
            mending("newuidmap", &found.name)
        );
        if drop {
            eprintln!("support: started as root; rootless tests run as user {} ({})", found.name, found.uid);
        }
        User {
            uid: found.uid.as_raw(),
            gid: found.gid.as_raw(),
            subuid: subordinate("/etc/subuid"),
            subgid: subordinate("/etc/subgid"),
            name: found.name,
            drop,
        }
    })
}

/// The first range of `name` (or its number) in a subuid(5) file.
fn subordinate(file: &str, name: &str, uid: Uid) -> Option<(u32, u32)> {
    fs::read_to_string(file).ok()?.lines().find_map(|line| {
        let mut fields = line.split(':');
        let owner = fields.next()?;
        let range = (fields.next()?.parse().ok()?, fields.next()?.trim().parse().ok()?);
        (owner == name || owner == uid.to_string()).then_some(range)
    })
}

/// Gives `path` to the user (nothing to do unless the tests were started by root).
pub(crate) fn give(path: &Path) {
    let user = user();
    if user.drop {
        chown(path, Some(user.uid.into()), Some(user.gid.into()))
            .unwrap_or_else(|error| panic!("chown {} to {}: {error}", path.display(), user.name));
    }
}

/// Gives `path` and all below it to the user.
pub(crate) fn give_tree(path: &Path) {
    let user = user();
    if user.drop {
        let owner = format!("{}:{}", user.uid, user.gid);
        let status = std::process::Command::new("chown").args(["-hR", &owner]).arg(path).status().expect("run chown");
        assert!(status.success(), "chown -hR {owner} {}", path.display());
    }
}
