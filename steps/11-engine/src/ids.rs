//! The ids of a container, and what they are for whoever makes it.

use namespaces::usermap::outside;
use namespaces::{IdMap, UserMap};
use process::Result;

use crate::neighbours::Neighbours;

/// A container's map, if it has one of its own, resolved against the ids that are there.
pub(crate) struct Ids {
    map: Option<IdMap>,
    keeps: Option<(u32, u32)>,
}

impl Ids {
    /// Those that the flags chose.
    ///
    /// # Errors
    /// When they want more than there are.
    pub fn of(users: &UserMap, neighbours: &Neighbours) -> Result<Ids> {
        let keeps = match users {
            UserMap::KeepId { uid, gid } => Some((*uid, *gid)),
            _ => None,
        };
        Ok(Ids { map: of_namespace(users)?.or_else(|| neighbours.map.clone()), keeps })
    }

    /// The map; nothing when the container's ids are ours.
    pub fn map(&self) -> Option<&IdMap> {
        self.map.as_ref()
    }

    /// The user that the caller is inside, when it is one.
    pub fn keeps(&self) -> Option<(u32, u32)> {
        self.keeps
    }

    /// The container's root, for us; nothing when that is us.
    pub fn root(&self) -> Option<(u32, u32)> {
        self.map.is_some().then(|| self.ours((0, 0)))
    }

    /// A user and a group of the container, for us.
    pub fn ours(&self, (user, group): (u32, u32)) -> (u32, u32) {
        match &self.map {
            None => (user, group),
            Some(map) => (outside(&map.users, user).unwrap_or(user), outside(&map.groups, group).unwrap_or(group)),
        }
    }
}

/// The map that these flags choose out of the ids of this process's namespace.
///
/// # Errors
/// When they want more than there are.
pub(crate) fn of_namespace(users: &UserMap) -> Result<Option<IdMap>> {
    users.map(count("uid_map"), count("gid_map"))
}

/// How many ids from 0 on this process's namespace has.
fn count(file: &str) -> u32 {
    let map = process::file::read(format!("/proc/self/{file}"), 1 << 16).unwrap_or_default();
    let map = String::from_utf8_lossy(&map).into_owned();
    let mut extents: Vec<[u64; 2]> = map
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().filter_map(|number| number.parse().ok());
            Some([numbers.next()?, numbers.nth(1)?])
        })
        .collect();
    extents.sort_unstable();
    let next = extents.iter().fold(0, |next, [first, count]| if *first == next { first + count } else { next });
    u32::try_from(next).unwrap_or(u32::MAX)
}
