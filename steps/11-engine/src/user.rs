//! Who the program is: `--user`, or the image's user, looked up in the container's own files.
//!
//! They are the image's, so they are read beneath its root, as plain text, with a limit; never by the C library,
//! which would load code that the image chose.

use std::path::Path;

use confinement::User;
use process::error::EXIT_CANNOT_EXECUTE;
use process::{Error, Result, code};
use rootfs::beneath::{self, Root};

/// More than any real passwd file has.
const LIMIT: u64 = 4 << 20;

/// A user of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its ids.
    pub user: User,
    /// Its home directory.
    pub home: String,
}

/// Finds `NAME`, `UID`, `NAME:GROUP` or `UID:GID`; empty is root.
///
/// # Errors
/// When there is no such user or group, or a number is out of range.
// ANCHOR: find
pub fn find(root: &Root, wanted: &str) -> Result<Account> {
    let (user, group) = match wanted.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (wanted, None),
    };
    let user = if wanted.is_empty() { "0" } else { user };
    let id = |text| id(text).map_err(|()| invalid(wanted));
    let passwd = lines(root, "/etc/passwd")?;
    let groups = lines(root, "/etc/group")?;
    // A number is a number, whatever passwd calls by it (CVE-2016-3697).
    let entry = match id(user)? {
        Some(uid) => passwd.iter().find(|entry| number(entry, 2) == Some(uid)),
        None => passwd.iter().find(|entry| entry[0] == user),
    };
    let field = |index: usize| entry.and_then(|entry| number(entry, index));
    let uid = match id(user)? {
        Some(uid) => uid,
        None => field(2).ok_or_else(|| unknown("user", user, "passwd"))?,
    };
    let gid = match group {
        None => field(3).unwrap_or(0),
        Some(group) => match id(group)? {
            Some(gid) => gid,
            None => {
                let entry = groups.iter().find(|entry| entry[0] == group);
                entry.and_then(|entry| number(entry, 2)).ok_or_else(|| unknown("group", group, "group"))?
            }
        },
    };
    let name = entry.map(|entry| entry[0].as_str());
    // Further groups only of a user whose group was not chosen.
    let member = |entry: &&Vec<String>| {
        group.is_none() && entry.get(3).is_some_and(|list| list.split(',').any(|member| Some(member) == name))
    };
    let further = groups.iter().filter(member).filter_map(|entry| number(entry, 2)).collect();
    let home = entry.and_then(|entry| entry.get(5)).filter(|home| home.starts_with('/')).cloned();
    Ok(Account {
        user: User { uid, gid, groups: further, with_primary: true, keep_groups: false, umask: 0o022 },
        home: home.unwrap_or_else(|| if uid == 0 { "/root".into() } else { "/".into() }),
    })
}
// ANCHOR_END: find

/// `--group-add` of the caller's own.
pub const KEEP_GROUPS: &str = "keep-groups";

/// Whether the caller's groups stay, which then are all that there are.
///
/// # Errors
/// When there are others beside them.
pub fn kept(names: &[String]) -> Result<bool> {
    match names.len() {
        1 => Ok(true),
        _ => Err(Error::new("the '--group-add keep-groups' option is not allowed with any other --group-add options")
            .code(code::CONFLICT)),
    }
}

/// The numbers of groups, by name or number (`--group-add`).
///
/// # Errors
/// When there is no such group.
pub fn groups(root: &Root, names: &[String]) -> Result<Vec<u32>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let known = lines(root, "/etc/group")?;
    let number = |name: &String| match id(name).map_err(|()| invalid(name))? {
        Some(gid) => Ok(gid),
        None => {
            let entry = known.iter().find(|entry| entry[0] == *name);
            entry.and_then(|entry| number(entry, 2)).ok_or_else(|| unknown("group", name, "group"))
        }
    };
    names.iter().map(number).collect()
}

/// The number, when it is written as one; nothing for a name.
fn id(text: &str) -> Result<Option<u32>, ()> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            true => Ok(None),
            false => Err(()),
        };
    }
    // The last one means "unchanged" to the kernel.
    text.parse().ok().filter(|id| *id < u32::MAX).map(Some).ok_or(())
}

/// A number in a file of the image is one or nothing: by 4294967295 the kernel would let us be who we are, root.
fn number(entry: &[String], index: usize) -> Option<u32> {
    entry.get(index).and_then(|field| id(field).ok().flatten())
}

fn invalid(text: &str) -> Error {
    Error::new(format!("invalid user or group \"{text}\": each must be a name or a number up to 4294967294"))
        .code(code::NO_USER)
}

fn unknown(kind: &str, name: &str, file: &str) -> Error {
    Error::new(format!("unable to find {kind} {name}: no matching entries in {file} file"))
        .code(code::NO_USER)
        .exit(EXIT_CANNOT_EXECUTE)
}

/// The fields of each line of a passwd(5) or group(5) file; no lines when there is no file.
fn lines(root: &Root, path: &str) -> Result<Vec<Vec<String>>> {
    let bytes = beneath::read(root, Path::new(path), LIMIT)
        .map_err(|error| Error::os(format!("read {path} of the image"), error).or_code(code::NO_USER))?
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(|line| line.split(':').map(str::to_string).collect()).collect())
}
