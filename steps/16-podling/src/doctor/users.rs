//! User namespaces, and the ids in them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use namespaces::subid::{Range, ranges};
use namespaces::{IdMap, Namespaces};
use nix::sched::CloneFlags;
use nix::unistd::geteuid;
use process::Program;
use process::prerequisite::free_range;

use super::Found;
use super::system::{program, read, user};

/// By making one, with the caller's ids and no helper.
pub(super) fn namespaces() -> Found {
    if geteuid().is_root() {
        return Found::unneeded("root needs none");
    }
    let most = read("/proc/sys/user/max_user_namespaces").unwrap_or_default();
    let namespaces = Namespaces { users: Some(IdMap::alone()), others: CloneFlags::CLONE_NEWNS };
    match namespaces.start(&Program::new(["/proc/self/exe", "--version"]), &Quiet).and_then(process::Child::wait) {
        Ok(_) => Found::fine(format!("one was made; at most {most}")),
        Err(error) => Found::missing(error.to_string().lines().next().unwrap_or_default()),
    }
}

/// Says nothing.
struct Quiet;

impl process::Setup for Quiet {
    fn setup(&self) -> process::Result<()> {
        process::silence()
    }
}

pub(super) fn apparmor() -> Found {
    match read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").as_deref() {
        None => Found::unneeded("this kernel has no such restriction"),
        Some("0") => Found::fine("not restricted"),
        Some(_) => match namespaces().0 {
            super::State::Missing => Found::missing("restricted, and podling has no profile"),
            _ => Found::fine("restricted, but not for podling"),
        },
    }
}

pub(super) fn subids() -> Found {
    if geteuid().is_root() {
        return Found::unneeded("root needs none");
    }
    let mut seen = Vec::new();
    let mut enough = true;
    let mut give_back = String::new();
    for file in ["/etc/subuid", "/etc/subgid"] {
        let ranges = match ranges(Path::new(file), geteuid()) {
            Ok(ranges) => ranges,
            Err(error) => return Found::limited(error.to_string()),
        };
        let count: u64 = ranges.iter().map(|range| u64::from(range.count)).sum();
        enough &= count >= 65536;
        let shared = shared(file, &ranges);
        enough &= shared.is_none();
        if shared.is_some() {
            let flag = if file == "/etc/subuid" { "--del-subuids" } else { "--del-subgids" };
            for range in &ranges {
                give_back +=
                    &format!(" {flag} {}-{}", range.first, u64::from(range.first) + u64::from(range.count) - 1);
            }
        }
        seen.push(format!("{count} in {file}{}", shared.unwrap_or_default()));
    }
    match (enough, give_back.is_empty()) {
        (true, _) => Found::fine(seen.join(", ")),
        (false, true) => Found::limited(seen.join(", ")),
        // Others on top would not part the two users. usermod(8) takes no ids from somebody who has a process, and what is in
        // the store belongs to the old ones.
        (false, false) => Found::limited(seen.join(", ")).by(format!(
            "save what is in volumes, then: podling rm -a -f; podling volume rm -a; podling rmi -a -f; podling system migrate; \
             log out, and as root while {1} has no process: usermod{give_back} --add-subuids {0} --add-subgids {0} {1}",
            free_range(),
            user()
        )),
    }
}

/// Whether somebody else has some of them, too: then two users' containers could touch each other's files.
fn shared(file: &str, ours: &[Range]) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let (name, number) = (user(), geteuid().to_string());
    let other = sharer(&text, &[&name, &number], ours)?;
    Some(format!(", of which {other} has some too"))
}

/// The first owner of a line of subuid(5) that overlaps `ours`, but for those who are us.
fn sharer<'a>(text: &'a str, us: &[&str], ours: &[Range]) -> Option<&'a str> {
    let overlaps = |first: u64, count: u64| {
        ours.iter()
            .any(|own| first < u64::from(own.first) + u64::from(own.count) && u64::from(own.first) < first + count)
    };
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (!us.contains(&owner) && overlaps(first, count)).then_some(owner)
    })
}

fn both() -> Vec<(&'static str, Option<PathBuf>)> {
    ["newuidmap", "newgidmap"].map(|name| (name, program(name))).into()
}

pub(super) fn helpers() -> Found {
    if geteuid().is_root() {
        return Found::unneeded("root needs no helper");
    }
    let lacking: Vec<_> = both().into_iter().filter(|(_, path)| path.is_none()).map(|(name, _)| name).collect();
    match lacking.is_empty() {
        true => Found::fine(
            both().into_iter().filter_map(|(_, path)| Some(path?.display().to_string())).collect::<Vec<_>>().join(", "),
        ),
        false => Found::missing(format!("{} not found in $PATH", lacking.join(", "))),
    }
}

pub(super) fn rights() -> Found {
    if geteuid().is_root() {
        return Found::unneeded("root needs no helper");
    }
    let has = |path: &PathBuf| {
        let setuid = fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o4000 != 0);
        let mut value = [0; 64];
        setuid || rustix::fs::getxattr(path, "security.capability", &mut value).is_ok()
    };
    let found: Vec<PathBuf> = both().into_iter().filter_map(|(_, path)| path).collect();
    match found.iter().find(|path| !has(path)) {
        _ if found.is_empty() => Found::unneeded("there is neither"),
        Some(path) => Found::missing(format!("{} has neither", path.display())),
        None => Found::fine("setuid bit or file capability"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_somebody_else_has_too() {
        let ours = [Range { first: 100_000, count: 65536 }];
        let found = |text| sharer(text, &["ann", "1000"], &ours);
        assert_eq!(found("ann:100000:65536\n1000:100000:65536\nbob:165536:65536\nlow:99990:10\n"), None);
        // The same range, a part of it, and one around it.
        for text in ["bob:100000:65536", "bob:165535:1", "bob:1:1000000"] {
            assert_eq!(found(text), Some("bob"), "{text}");
        }
    }
}
