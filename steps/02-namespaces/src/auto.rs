//! `--userns auto`: a range of the user's ids that no other container has.

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

use crate::usermap::{disjoint, extent};

/// As many ids as a container has at least, and at most without being told, as with Podman.
pub const SIZES: [u32; 2] = [1024, 65536];

/// A map as `[inside, outside, count]` each.
pub type Lines = Vec<[u32; 3]>;

/// What was asked for, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Auto {
    /// How many ids; `None` for as many as the image has.
    pub size: Option<u32>,
    /// User ids that it is to have by all means, each `[inside, outside, count]`.
    pub uids: Lines,
    /// The same of groups.
    pub gids: Lines,
    /// All of its user ids and group ids, once they have been chosen.
    pub chosen: Option<(Lines, Lines)>,
}

impl Auto {
    /// Reads `size=N,uidmapping=INSIDE:OUTSIDE:COUNT,gidmapping=...`.
    ///
    /// # Errors
    /// In Podman's words, what is not understood.
    pub fn parse(text: &str) -> Result<Auto> {
        let mut auto = Auto::default();
        for option in text.split(',').filter(|option| !option.is_empty()) {
            let Some((name, value)) = option.split_once('=') else {
                return Err(Error::new(format!("invalid option specified: {option:?}")).code(code::BAD_MAP));
            };
            match name {
                "size" => {
                    let invalid =
                        |_| Error::new(format!("invalid size {value:?} of --userns auto")).code(code::BAD_MAP);
                    auto.size = Some(value.parse().map_err(invalid)?).filter(|size| *size > 0);
                }
                "uidmapping" => auto.uids.push(extent(value)?),
                "gidmapping" => auto.gids.push(extent(value)?),
                _ => return Err(Error::new(format!("unknown option specified: {name:?}")).code(code::BAD_MAP)),
            }
        }
        disjoint(&auto.uids)?;
        disjoint(&auto.gids)?;
        Ok(auto)
    }

    /// Chooses, where the user has `counts` user and group ids, itself being the first of each; `used` are those that other
    /// containers have, `size` is what the image needs.
    ///
    /// # Errors
    /// When not enough of them are left.
    // ANCHOR: choose
    pub fn choose(&mut self, counts: (u32, u32), used: &(Lines, Lines), size: u32) -> Result<()> {
        let size = match self.size {
            Some(size) => size,
            None if size > SIZES[1] => {
                return Err(Error::new(format!(
                    "the container needs a user namespace with size {size} that is bigger than the maximum value allowed \
                     with userns=auto {}",
                    SIZES[1]
                ))
                .code(code::BAD_MAP));
            }
            None => size.max(SIZES[0]),
        };
        let users = map(size, counts.0, &used.0, &self.uids)?;
        self.chosen = Some((users, map(size, counts.1, &used.1, &self.gids)?));
        Ok(())
    }
    // ANCHOR_END: choose
}

/// `size` ids from 0 on, of which `fixed` are given already.
fn map(size: u32, count: u32, used: &[[u32; 3]], fixed: &[[u32; 3]]) -> Result<Lines> {
    let inside: Vec<[u32; 2]> = fixed.iter().map(|[inside, _, count]| [*inside, *count]).collect();
    let mut taken: Vec<[u32; 2]> = used.iter().chain(fixed).map(|[_, outside, count]| [*outside, *count]).collect();
    // The user itself is nobody's.
    taken.push([0, 1]);
    let mut free = gaps(count, taken).into_iter();
    let mut map = fixed.to_vec();
    let mut rest = [0, 0];
    for [mut first, mut wanted] in gaps(size, inside) {
        while wanted > 0 {
            if rest[1] == 0 {
                rest = free.next().ok_or_else(|| {
                    Error::new("could not find enough available IDs").code(code::IDS_USED_UP).hint(LESS)
                })?;
            }
            let part = wanted.min(rest[1]);
            map.push([first, rest[0], part]);
            (first, wanted) = (first + part, wanted - part);
            rest = [rest[0] + part, rest[1] - part];
        }
    }
    map.sort_unstable();
    Ok(map)
}

const LESS: &str = "other containers have them: remove some, ask for less by --userns auto:size=N, or get more in /etc/subuid \
                    and /etc/subgid";

/// What of the numbers below `end` is in none of these, each `[first, count]`.
fn gaps(end: u32, mut taken: Vec<[u32; 2]>) -> Vec<[u32; 2]> {
    taken.sort_unstable();
    let (mut gaps, mut next) = (Vec::new(), 0);
    for [first, count] in taken {
        if first.min(end) > next {
            gaps.push([next, first.min(end) - next]);
        }
        next = next.max(first.saturating_add(count));
    }
    if end > next {
        gaps.push([next, end - next]);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_containers() {
        let mut first = Auto::default();
        first.choose((5001, 5001), &(vec![], vec![]), 0).unwrap();
        let first = first.chosen.unwrap();
        assert_eq!(first, (vec![[0, 1, 1024]], vec![[0, 1, 1024]]));
        let mut second = Auto::parse("size=2000").unwrap();
        second.choose((5001, 5001), &first, 0).unwrap();
        assert_eq!(second.chosen.as_ref().unwrap().0, [[0, 1025, 2000]]);
        // The first one is gone: what it had, and what is left above.
        let mut third = Auto::parse("size=3000").unwrap();
        third.choose((5001, 5001), second.chosen.as_ref().unwrap(), 0).unwrap();
        assert_eq!(third.chosen.as_ref().unwrap().0, [[0, 1, 1024], [1024, 3025, 1976]]);
        assert!(Auto::parse("size=3001").unwrap().choose((5001, 5001), &second.chosen.unwrap(), 0).is_err());
        assert!(Auto::default().choose((5001, 5001), &first, 70000).is_err());
    }

    #[test]
    fn some_ids_are_given() {
        let mut auto = Auto::parse("size=100,uidmapping=50:0:1").unwrap();
        auto.choose((5001, 5001), &(vec![], vec![]), 0).unwrap();
        let (users, groups) = auto.chosen.unwrap();
        assert_eq!(users, [[0, 1, 50], [50, 0, 1], [51, 51, 49]]);
        assert_eq!(groups, [[0, 1, 100]]);
        for text in ["size", "size=x", "uidmapping=1", "else=1"] {
            assert!(Auto::parse(text).is_err(), "{text}");
        }
    }
}
