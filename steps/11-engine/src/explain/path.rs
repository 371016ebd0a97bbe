//! Whose a file is on both sides of the id map, and who may do what with it in a container.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use namespaces::{Extent, IdMap};
use nix::unistd::{AccessFlags, Gid, access, getegid, geteuid, getgroups};
use process::explain::Line;
use process::{Error, Result};

/// What the kernel shows for an id without a number inside (`/proc/sys/kernel/overflowuid`).
const NOBODY: u32 = 65534;

/// A user outside, and its groups.
#[derive(Debug, Clone)]
struct Who {
    uid: u32,
    groups: Vec<u32>,
}

/// A user and the groups of a container's process, the first of them its own.
#[derive(Debug, Clone)]
pub(super) struct User {
    uid: u32,
    groups: Vec<u32>,
}

impl User {
    /// One that is in a group.
    pub(super) fn new(uid: u32, gid: u32) -> User {
        User { uid, groups: vec![gid] }
    }

    /// The same in further groups (`--group-add`).
    pub(super) fn with(mut self, groups: impl IntoIterator<Item = u32>) -> User {
        self.groups.extend(groups);
        self
    }

    /// Of an image that has a user, most often.
    pub(super) fn usual() -> User {
        User::new(1000, 1000)
    }
}

/// Reads `UID[:GID]`, as `run --user` takes numbers.
///
/// # Errors
/// When it is anything else.
pub(super) fn user(text: &str) -> Result<User> {
    confinement::User::parse(text)
        .map(|user| User::new(user.uid, user.gid))
        .map_err(|error| error.hint("the image's /etc/passwd has the numbers of its names"))
}

/// The lines of a file.
///
/// # Errors
/// When it is not there, or out of reach.
// ANCHOR: path
pub(super) fn explain(path: &Path, user: &User) -> Result<Vec<Line>> {
    let found = fs::metadata(path).map_err(|error| Error::os(format!("stat {}", path.display()), error))?;
    let path = fs::canonicalize(path).map_err(|error| Error::os(format!("resolve {}", path.display()), error))?;
    let map = match geteuid().is_root() {
        true => None,
        false => Some(IdMap::of_caller()?),
    };
    let inside =
        |extents: fn(&IdMap) -> &Vec<Extent>, id: u32| map.as_ref().map_or(Some(id), |map| to_inside(extents(map), id));
    let outside = |user: &User| Who {
        uid: map.as_ref().map_or(user.uid, |map| to_outside(&map.users, user.uid)),
        groups: user.groups.iter().map(|gid| map.as_ref().map_or(*gid, |map| to_outside(&map.groups, *gid))).collect(),
    };
    let (uid, gid) = (inside(|map| &map.users, found.uid()), inside(|map| &map.groups, found.gid()));
    let shown = path.display();
    let mut lines = vec![
        Line::new(2, format!("{shown} has mode {:04o}", found.mode() & 0o7777)),
        Line::new(
            2,
            format!(
                "outside it belongs to user {}, group {}",
                name("/etc/passwd", found.uid()),
                name("/etc/group", found.gid())
            ),
        ),
        Line::new(2, format!("inside it belongs to user {}, group {}", number(uid), number(gid))),
    ];
    if let Some(label) = label(&path) {
        lines.push(Line::new(
            5,
            format!("SELinux calls it {label}; a container can use it with :z (all containers) or :Z (this one)"),
        ));
    }
    let mapped = uid.is_some() && gid.is_some();
    // CAP_DAC_OVERRIDE, which makes no file executable that nobody may execute (capabilities(7)).
    let executable = found.is_dir() || found.mode() & 0o111 != 0;
    let root = match mapped {
        true => rights(0o6 | u32::from(executable)),
        false => rights(bits(&found, &outside(&User::new(0, 0)))),
    };
    lines.push(Line::new(3, format!("root in a container may {root}")));
    let other = bits(&found, &outside(user));
    if user.uid != 0 {
        let further: Vec<String> = user.groups.iter().skip(1).map(u32::to_string).collect();
        let further =
            if further.is_empty() { String::new() } else { format!(", also of group {},", further.join(", ")) };
        lines.push(Line::new(3, format!("user {}{further} in a container may {}", user.uid, rights(other))));
    }
    let caller = bits(&found, &Who { uid: geteuid().as_raw(), groups: vec![getegid().as_raw()] });
    if map.is_some() && user.uid != 0 {
        let (uid, gid) = (user.uid, user.groups.first().copied().unwrap_or_default());
        let text = match caller & !other {
            0 => "--userns keep-id, which makes the caller of a user, gives it no more".to_string(),
            _ => format!("--userns keep-id:uid={uid},gid={gid} makes it the caller, who may {}", rights(caller)),
        };
        lines.push(Line::new(2, text));
        lines.extend(by_group(&found, caller));
    }
    if rustix::fs::getxattr(&path, "system.posix_acl_access", &mut [0_u8; 0]).is_ok_and(|length| length > 0) {
        lines.push(Line::new(3, format!("it has an access control list, which may say otherwise: getfacl {shown}")));
    }
    if let Some(closed) = closed(&path) {
        lines.push(Line::new(
            3,
            format!("but {} lets the caller not through, so it cannot be a volume", closed.display()),
        ));
    }
    if other & 0o2 == 0 {
        lines.push(Line::new(
            11,
            match mapped {
                true => format!("-v {shown}:/PLACE:U gives it, and all that is in it, to the container's user"),
                false => "its owner has no number inside: only its mode can let anybody there do more".to_string(),
            },
        ));
        if mapped && uid != Some(0) {
            lines.push(Line::new(11, format!("podling unshare chown -R 0:0 {shown} gives it back to the caller")));
        }
    }
    Ok(lines)
}
// ANCHOR_END: path

fn to_inside(map: &[Extent], id: u32) -> Option<u32> {
    let of =
        |extent: &Extent| id.checked_sub(extent.outside).filter(|at| *at < extent.count).map(|at| extent.inside + at);
    map.iter().find_map(of)
}

fn to_outside(map: &[Extent], id: u32) -> u32 {
    let of =
        |extent: &Extent| id.checked_sub(extent.inside).filter(|at| *at < extent.count).map(|at| extent.outside + at);
    map.iter().find_map(of).unwrap_or(NOBODY)
}

/// The three bits of the mode that are for `who` (path_resolution(7), "Permissions").
fn bits(found: &Metadata, who: &Who) -> u32 {
    let mode = found.mode();
    match (found.uid() == who.uid, who.groups.contains(&found.gid())) {
        (true, _) => mode >> 6 & 0o7,
        (false, true) => mode >> 3 & 0o7,
        (false, false) => mode & 0o7,
    }
}

/// What the caller may do as a member of a further group, which a container leaves.
fn by_group(found: &Metadata, caller: u32) -> Option<Line> {
    let member = getgroups().is_ok_and(|groups| groups.contains(&Gid::from_raw(found.gid())));
    let group = found.mode() >> 3 & 0o7;
    let more = member && found.uid() != geteuid().as_raw() && group & !caller != 0;
    let gid = name("/etc/group", found.gid());
    more.then(|| {
        let rights = rights(group);
        Line::new(5, format!("--group-add keep-groups leaves it in the caller's group {gid}, which may {rights}"))
    })
}

fn rights(bits: u32) -> String {
    let known = [(0o4, "read"), (0o2, "write"), (0o1, "enter or execute")];
    let names: Vec<&str> = known.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect();
    if names.is_empty() { "do nothing with it".into() } else { names.join(", ") }
}

/// The first directory above that the caller cannot go through.
fn closed(path: &Path) -> Option<PathBuf> {
    let above: Vec<&Path> = path.ancestors().skip(1).collect();
    let closed = above.into_iter().rev().find(|directory| access(*directory, AccessFlags::X_OK).is_err());
    closed.map(Path::to_path_buf)
}

fn number(id: Option<u32>) -> String {
    id.map_or_else(|| format!("{NOBODY} (nobody: it has no number there)"), |id| id.to_string())
}

/// `name (number)`, or the number alone.
fn name(file: &str, id: u32) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let number = id.to_string();
    let line = text.lines().find(|line| line.split(':').nth(2) == Some(number.as_str()));
    let found = line.and_then(|line| line.split(':').next()).map(|name| format!("{name} ({id})"));
    let own = id == geteuid().as_raw() || id == getegid().as_raw();
    found.unwrap_or_else(|| if own { format!("{id} (the caller's)") } else { number })
}

fn label(path: &Path) -> Option<String> {
    if !Path::new("/sys/fs/selinux/enforce").exists() {
        return None;
    }
    let mut value = [0; 256];
    let length = rustix::fs::getxattr(path, "security.selinux", &mut value).ok()?;
    Some(String::from_utf8_lossy(&value[..length]).trim_end_matches('\0').to_string())
}
