//! `--userns`, `--uidmap`, `--gidmap`: a container's ids, out of those that the user has.
//!
//! The ids here are numbers of two worlds: those inside of the container, and those of the namespace that it is made in, in
//! which the user is root and has its subordinate ids from 1 on.

use std::path::PathBuf;

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

use crate::auto::Auto;
use crate::{Extent, IdMap, Space};

/// Which ids a container gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserMap {
    /// Those of the namespace that it is made in.
    #[default]
    Host,
    /// The user keeps its ids, or has these inside.
    KeepId {
        /// User id inside.
        uid: u32,
        /// Group id inside.
        gid: u32,
    },
    /// `--uidmap` and `--gidmap`, each `INSIDE:OUTSIDE:COUNT`.
    Given(Vec<[u32; 3]>, Vec<[u32; 3]>),
    /// All but the user's own.
    NoMap,
    /// Some that no other container has.
    Auto(Auto),
    /// Those of another container.
    Container(String),
    /// Those of the namespace that this file stands for.
    Path(PathBuf),
}

impl UserMap {
    /// Reads the flags; `caller` is the user's own uid and gid, `rootless` whether it is an ordinary user.
    ///
    /// # Errors
    /// What is not understood, or contradicts.
    // ANCHOR: parse
    pub fn parse(
        userns: Option<&str>,
        (uids, gids): (&[String], &[String]),
        caller: (u32, u32),
        rootless: bool,
    ) -> Result<UserMap> {
        let given = !uids.is_empty() || !gids.is_empty();
        let (mode, options) = match userns.map(|text| text.split_once(':').unwrap_or((text, ""))) {
            Some(_) if given => {
                return Err(
                    Error::new("--userns and --uidmap or --gidmap cannot be used together").code(code::CONFLICT)
                );
            }
            None if given => return UserMap::given(uids, gids),
            None => return Ok(UserMap::Host),
            Some(parts) => parts,
        };
        match mode {
            "" | "host" if options.is_empty() => Ok(UserMap::Host),
            "keep-id" if !rootless => {
                Err(Error::new("keep-id is only supported in rootless mode").code(code::OTHER_CALLER))
            }
            "keep-id" => UserMap::keep_id(options, caller),
            "nomap" if !rootless => {
                Err(Error::new("nomap is only supported in rootless mode").code(code::OTHER_CALLER))
            }
            "nomap" if options.is_empty() => Ok(UserMap::NoMap),
            "auto" => Auto::parse(options).map(UserMap::Auto),
            "private" => Err(Error::new("must provide at least one UID or GID mapping to configure a user namespace")
                .code(code::BAD_MAP)
                .hint("--uidmap and --gidmap are that; --userns auto chooses them")),
            _ => match Space::parse(userns.unwrap_or_default())? {
                Space::Container(name) => Ok(UserMap::Container(name)),
                Space::Path(path) => Ok(UserMap::Path(path)),
                _ => Ok(UserMap::Host),
            },
        }
    }
    // ANCHOR_END: parse

    fn keep_id(options: &str, (mut uid, mut gid): (u32, u32)) -> Result<UserMap> {
        for option in options.split(',').filter(|option| !option.is_empty()) {
            let invalid =
                || Error::new(format!("unknown or invalid option {option:?} of --userns keep-id")).code(code::BAD_MAP);
            let (name, value) = option.split_once('=').ok_or_else(invalid)?;
            let value: u32 = value.parse().ok().filter(|id| *id < u32::MAX).ok_or_else(invalid)?;
            match name {
                "uid" => uid = value,
                "gid" => gid = value,
                _ => return Err(invalid()),
            }
        }
        Ok(UserMap::KeepId { uid, gid })
    }

    /// One of the two stands for both.
    fn given(uids: &[String], gids: &[String]) -> Result<UserMap> {
        let extents = |texts: &[String]| texts.iter().map(|text| extent(text)).collect::<Result<Vec<_>>>();
        let (users, groups) = (extents(uids)?, extents(gids)?);
        for lines in [&users, &groups].into_iter().filter(|lines| !lines.is_empty()) {
            disjoint(lines)?;
            if lines.iter().all(|[inside, ..]| *inside != 0) {
                return Err(Error::new("invalid mapping: nobody has id 0 inside, and a container begins as its root")
                    .code(code::BAD_MAP));
            }
        }
        Ok(match (users.is_empty(), groups.is_empty()) {
            (true, _) => UserMap::Given(groups.clone(), groups),
            (_, true) => UserMap::Given(users.clone(), users),
            _ => UserMap::Given(users, groups),
        })
    }

    /// The map, where the namespace has `users` and `groups` ids from 0 on; `None` for no map of its own, or another's.
    ///
    /// # Errors
    /// When it asks for ids that are not there.
    // ANCHOR: map
    pub fn map(&self, users: u32, groups: u32) -> Result<Option<IdMap>> {
        let map = match self {
            UserMap::Host | UserMap::Container(_) | UserMap::Path(_) => return Ok(None),
            UserMap::NoMap if users < 2 || groups < 2 => {
                return Err(Error::new(
                    "nomap requires additional UIDs or GIDs defined in /etc/subuid and /etc/subgid to function correctly",
                )
                .code(code::NO_SUBORDINATE_IDS));
            }
            UserMap::NoMap => IdMap { users: extents(&[[0, 1, users - 1]]), groups: extents(&[[0, 1, groups - 1]]) },
            UserMap::Auto(auto) => {
                let (users, groups) = auto.chosen.clone().unwrap_or_default();
                IdMap { users: extents(&users), groups: extents(&groups) }
            }
            UserMap::KeepId { uid, gid } => IdMap { users: kept(*uid, users), groups: kept(*gid, groups) },
            UserMap::Given(uids, gids) => IdMap { users: extents(uids), groups: extents(gids) },
        };
        for (kind, map, count) in [("user", &map.users, users), ("group", &map.groups, groups)] {
            let beyond = |extent: &&Extent| u64::from(extent.outside) + u64::from(extent.count) > u64::from(count);
            if let Some(extent) = map.iter().find(beyond) {
                let words = format!("map {} {kind} ids from {} on", extent.count, extent.outside);
                return Err(Error::because(words, format!("there are {count}"))
                    .hint("/etc/subuid and /etc/subgid say how many there are")
                    .code(code::UNMAPPED_ID));
            }
        }
        Ok(Some(map))
    }
    // ANCHOR_END: map

    /// Whose namespace it is, when it is another's.
    #[must_use]
    pub fn space(&self) -> Space {
        match self {
            UserMap::Host => Space::Host,
            UserMap::Container(name) => Space::Container(name.clone()),
            UserMap::Path(path) => Space::Path(path.clone()),
            _ => Space::Private,
        }
    }
}

/// The namespace's root, which is the user, becomes `id`; the subordinate ids fill the numbers below and above.
fn kept(id: u32, count: u32) -> Vec<Extent> {
    let subordinate = count.saturating_sub(1);
    let below = id.min(subordinate);
    extents(&[[0, 1, below], [id, 0, 1], [id.saturating_add(1), below + 1, subordinate - below]])
}

fn extents(list: &[[u32; 3]]) -> Vec<Extent> {
    let extent = |[inside, outside, count]: &[u32; 3]| Extent { inside: *inside, outside: *outside, count: *count };
    list.iter().filter(|[_, _, count]| *count > 0).map(extent).collect()
}

/// Nobody may have two numbers, nor be two: the kernel refuses such a map (user_namespaces(7)), but late.
///
/// # Errors
/// The two lines that contradict each other.
// ANCHOR: disjoint
pub(crate) fn disjoint(lines: &[[u32; 3]]) -> Result<()> {
    let text = |[inside, outside, count]: &[u32; 3]| format!("{inside}:{outside}:{count}");
    let meet = |a: u32, b: u32, [many, more]: [u32; 2]| {
        let end = |first: u32, count: u32| u64::from(first) + u64::from(count);
        u64::from(a) < end(b, more) && u64::from(b) < end(a, many)
    };
    for (at, one) in lines.iter().enumerate() {
        if u64::from(one[0]) + u64::from(one[2]) > u64::from(u32::MAX) {
            return Err(
                Error::new(format!("invalid mapping {:?}: there are no such ids", text(one))).code(code::BAD_MAP)
            );
        }
        for other in &lines[..at] {
            let counts = [one[2], other[2]];
            for (world, side) in [(0, "inside"), (1, "outside")] {
                if meet(one[world], other[world], counts) {
                    let both = format!("{:?} and {:?}", text(other), text(one));
                    return Err(Error::new(format!("invalid mappings {both}: they have ids {side} in common"))
                        .code(code::BAD_MAP));
                }
            }
        }
    }
    Ok(())
}
// ANCHOR_END: disjoint

/// `INSIDE:OUTSIDE:COUNT`; the count may be left out for 1.
pub(crate) fn extent(text: &str) -> Result<[u32; 3]> {
    let invalid =
        || Error::new(format!("invalid mapping {text:?}: it must be CONTAINER-ID:FROM-ID:AMOUNT")).code(code::BAD_MAP);
    let numbers: Vec<u32> = text.split(':').map(|part| part.parse().map_err(|_| invalid())).collect::<Result<_>>()?;
    match numbers[..] {
        [inside, outside] => Ok([inside, outside, 1]),
        [inside, outside, count] if count > 0 => Ok([inside, outside, count]),
        _ => Err(invalid()),
    }
}

/// The number outside that an id inside has.
#[must_use]
pub fn outside(map: &[Extent], id: u32) -> Option<u32> {
    let of =
        |extent: &Extent| id.checked_sub(extent.inside).filter(|at| *at < extent.count).map(|at| extent.outside + at);
    map.iter().find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(map: &[Extent]) -> Vec<[u32; 3]> {
        map.iter().map(|extent| [extent.inside, extent.outside, extent.count]).collect()
    }

    #[test]
    fn who_keeps_an_id_is_itself_and_all_others_are_subordinate() {
        let map = UserMap::KeepId { uid: 1000, gid: 0 }.map(65537, 65537).unwrap().unwrap();
        assert_eq!(lines(&map.users), [[0, 1, 1000], [1000, 0, 1], [1001, 1001, 64536]]);
        assert_eq!(lines(&map.groups), [[0, 0, 1], [1, 1, 65536]]);
        // More than there are subordinate ids, and none at all.
        let map = UserMap::KeepId { uid: 100_000, gid: 5 }.map(65537, 1).unwrap().unwrap();
        assert_eq!(lines(&map.users), [[0, 1, 65536], [100_000, 0, 1]]);
        assert_eq!(lines(&map.groups), [[5, 0, 1]]);
    }

    #[test]
    fn what_the_flags_say() {
        let parse = |userns: Option<&str>, uids: &[&str]| {
            let uids: Vec<String> = uids.iter().map(|text| (*text).to_string()).collect();
            UserMap::parse(userns, (&uids, &[]), (1000, 100), true)
        };
        assert_eq!(parse(None, &[]), Ok(UserMap::Host));
        assert_eq!(parse(Some("keep-id"), &[]), Ok(UserMap::KeepId { uid: 1000, gid: 100 }));
        assert_eq!(parse(Some("keep-id:uid=5,gid=6"), &[]), Ok(UserMap::KeepId { uid: 5, gid: 6 }));
        assert_eq!(parse(None, &["0:1:10"]), Ok(UserMap::Given(vec![[0, 1, 10]], vec![[0, 1, 10]])));
        for (userns, uids) in [
            (Some("keep-id"), &["0:0:1"][..]),
            (Some("keep-id:uid=x"), &[]),
            (Some("keep-id:size=x"), &[]),
            (Some("else"), &[]),
            (Some("private"), &[]),
            (Some("host:x"), &[]),
            (Some("auto:x=1"), &[]),
            (None, &["0:1:2:3"]),
            (None, &["0:1:0"]),
            (None, &["-1:0:1"]),
            (None, &["0:1:10", "9:100:1"]),
            (None, &["0:1:10", "20:10:5"]),
            (None, &["5:5:5", "0:0:100"]),
            (None, &["4294967290:1:10"]),
        ] {
            assert!(parse(userns, uids).is_err(), "{userns:?} {uids:?}");
        }
        assert!(parse(None, &["1:0:1"]).is_err());
        assert!(parse(None, &["0:1:10", "10:0:1", "11:11:5"]).is_ok());
        assert_eq!(
            parse(None, &["0:1:10", "20:10:5"]).map_err(|error| error.to_string()),
            Err("invalid mappings \"0:1:10\" and \"20:10:5\": they have ids outside in common".into())
        );
        assert_eq!(parse(Some("container:web"), &[]), Ok(UserMap::Container("web".into())));
        assert_eq!(parse(Some("nomap"), &[]), Ok(UserMap::NoMap));
        let map = UserMap::NoMap.map(65537, 65537).unwrap().unwrap();
        assert_eq!(lines(&map.users), [[0, 1, 65536]]);
        assert!(UserMap::NoMap.map(1, 1).is_err());
        assert!(UserMap::parse(Some("keep-id"), (&[], &[]), (0, 0), false).is_err());
        assert!(UserMap::Given(vec![[0, 65530, 10]], vec![]).map(65537, 65537).is_err());
    }
}
