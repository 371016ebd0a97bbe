//! Names for containers: random ids, and names for those who did not think of one.

use process::{Error, Result};
use rustix::rand::{GetRandomFlags, getrandom};

const LEFT: [&str; 32] = [
    "agile", "amber", "brave", "bright", "calm", "clever", "cosy", "daring", "eager", "early", "fair", "fleet",
    "gentle", "glad", "happy", "honest", "jolly", "keen", "kind", "lively", "lucky", "merry", "nimble", "patient",
    "plucky", "proud", "quick", "quiet", "silver", "sunny", "swift", "warm",
];
/// Seals, of which a pod is a group, and others who live by the sea.
const RIGHT: [&str; 32] = [
    "albatross",
    "auk",
    "beluga",
    "cormorant",
    "crab",
    "cuttlefish",
    "dolphin",
    "eider",
    "fulmar",
    "gannet",
    "guillemot",
    "gull",
    "heron",
    "kittiwake",
    "limpet",
    "lobster",
    "manatee",
    "mussel",
    "narwhal",
    "octopus",
    "orca",
    "otter",
    "oyster",
    "petrel",
    "plover",
    "porpoise",
    "puffin",
    "razorbill",
    "seal",
    "tern",
    "walrus",
    "whelk",
];

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    // Up to 256 bytes come whole (getrandom(2)).
    match getrandom(&mut bytes, GetRandomFlags::empty()) {
        Ok(_) => Ok(bytes),
        Err(errno) => Err(Error::os("get random bytes", errno)),
    }
}

/// A new id: 64 hexadecimal digits.
///
/// # Errors
/// When there is no randomness to be had.
pub fn id() -> Result<String> {
    Ok(random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A new name, as `brave_otter4f`.
///
/// # Errors
/// When there is no randomness to be had.
pub fn name() -> Result<String> {
    let [left, right, rest] = random::<3>()?;
    Ok(format!("{}_{}{rest:02x}", LEFT[usize::from(left) % LEFT.len()], RIGHT[usize::from(right) % RIGHT.len()]))
}

/// Checks that `name` can be a container's: it becomes a file's name.
///
/// # Errors
/// When it cannot; in Podman's words.
pub fn check(name: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    match first && name.len() <= 255 && name.chars().all(fits) {
        true => Ok(name.to_string()),
        false => Err("names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument".to_string()),
    }
}
