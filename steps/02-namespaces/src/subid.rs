//! Subordinate ids: the ids that the administrator gave to a user (subuid(5), subgid(5)).

use std::fs;
use std::path::Path;

use nix::unistd::{Uid, geteuid};
use process::prerequisite::prerequisite;
use process::{Error, Result};

/// A range of ids: the first, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first id.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// The ranges that `file` gives to the user, under its name or its number.
///
/// # Errors
/// When the file is there and cannot be read.
// ANCHOR: subid
pub fn ranges(file: &Path, uid: Uid) -> Result<Vec<Range>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::os(format!("read {}", file.display()), error)),
    };
    let name = name(uid);
    Ok(parse(&text, &name, uid))
}

/// What a user is told who has no subordinate ids; nothing for others.
///
/// # Errors
/// As [`ranges`].
pub fn notice() -> Result<Option<String>> {
    let uid = geteuid();
    if uid.is_root() || !crate::IdMap::of_caller()?.is_single() {
        return Ok(None);
    }
    let name = name(uid);
    Ok(Some(format!(
        "Warning: user {name} has no subordinate ids in /etc/subuid and /etc/subgid: a container has its one user only, and \
         images with files of others cannot be used\n\
         Hint: give the user some: {}",
        prerequisite("subids").map(|wanted| wanted.mending(&name)).unwrap_or_default()
    )))
}

/// The user's name by `/etc/passwd`, or else by its own word: newuidmap(1) asks again, and does not take ours. Not by
/// getpwuid(3), which loads the libraries of nsswitch.conf and costs more than all else here.
pub fn name(uid: Uid) -> String {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = uid.to_string();
    let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(number.as_str()));
    let found = line.and_then(|line| line.split(':').next()).map(str::to_string);
    found.or_else(|| std::env::var("USER").ok()).unwrap_or(number)
}

/// `owner:first:count` each line; lines of others and lines that make no sense are skipped.
fn parse(text: &str, name: &str, uid: Uid) -> Vec<Range> {
    let of_line = |line: &str| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let range = Range { first: fields.next()?.parse().ok()?, count: fields.next()?.parse().ok()? };
        let ours = owner == name || owner == uid.to_string();
        (ours && fields.next().is_none() && range.count > 0).then_some(range)
    };
    text.lines().filter_map(of_line).collect()
}
// ANCHOR_END: subid

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_user_by_name_and_by_number() {
        let text = "ann:100000:65536\nbob:165536:65536\n1000:300000:10\nann:x:1\nann:5:0\nann:1:2:3\n\n# note\n";
        let range = |first, count| Range { first, count };
        let found = parse(text, "ann", Uid::from_raw(1000));
        assert_eq!(found, [range(100_000, 65536), range(300_000, 10)]);
        assert_eq!(parse(text, "eve", Uid::from_raw(1)), []);
    }
}
