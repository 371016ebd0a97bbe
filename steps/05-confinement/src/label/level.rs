//! A pair of categories that no other container has.

use std::fs::File;
use std::io::Read;

use process::{Error, Result, code};

use super::UNCONFINED_LEVEL;

/// Categories of a policy: c0 to c1023.
const CATEGORIES: u16 = 1024;
/// Of half a million pairs, nearly all would have to be taken.
const TRIES: usize = 100_000;

/// Chooses one at random, so that two who choose at the same time choose differently.
pub(super) fn choose(taken: &dyn Fn(&str) -> bool) -> Result<String> {
    let failed = |error| Error::os("read /dev/urandom", error);
    let mut random = File::open("/dev/urandom").map_err(failed)?;
    for _ in 0..TRIES {
        let mut bytes = [0; 4];
        random.read_exact(&mut bytes).map_err(failed)?;
        let number = |high, low| u16::from_ne_bytes([high, low]) % CATEGORIES;
        let Some(level) = pair(number(bytes[0], bytes[1]), number(bytes[2], bytes[3])) else { continue };
        if level != UNCONFINED_LEVEL && !taken(&level) {
            return Ok(level);
        }
    }
    Err(Error::new("every pair of SELinux categories belongs to a container already").code(code::CATEGORIES_USED_UP))
}

/// The lower one first, as the kernel writes them; one alone would be a part of many pairs.
fn pair(one: u16, other: u16) -> Option<String> {
    (one != other).then(|| format!("s0:c{},c{}", one.min(other), one.max(other)))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_pair_is_ordered_and_of_two() {
        assert_eq!(pair(842, 17), Some("s0:c17,c842".into()));
        assert_eq!(pair(5, 5), None);
    }

    #[test]
    fn what_is_taken_is_not_chosen() {
        let refused = RefCell::new(Vec::new());
        let taken = |level: &str| {
            refused.borrow_mut().push(level.to_owned());
            refused.borrow().len() < 3
        };
        let chosen = choose(&taken).unwrap();
        let refused = refused.into_inner();
        assert_eq!((refused.len(), refused.last()), (3, Some(&chosen)));
        assert!(choose(&|_| true).is_err());
    }
}
