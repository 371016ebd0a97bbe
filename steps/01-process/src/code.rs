//! Codes of errors: what a failure means, in more words than an error has room for. One table, for the line under an error,
//! for `podling explain CODE`, and for the book. It stands in the lowest step, though it tells of all: errors cross processes
//! and steps with nothing but the number.
//!
//! A code is `P`, the number of the step whose layer it is about, and a number of its own: `P0203`. Those of step 00 are the
//! kernel's answers, by their number in errno(3): `P0028` is ENOSPC.

mod cgroups;
mod confinement;
mod engine;
mod images;
mod kernel;
mod kernel_further;
mod line;
mod namespaces;
mod network;
mod process;
mod registry;
mod rootfs;
mod runtime;
mod systemd;
mod volumes;

use crate::prerequisite::prerequisite;

pub use cgroups::*;
pub use confinement::*;
pub use engine::*;
pub use images::*;
pub use line::*;
pub use namespaces::*;
pub use network::*;
pub use process::*;
pub use registry::*;
pub use rootfs::*;
pub use runtime::*;
pub use systemd::*;
pub use volumes::*;

/// What a code stands for.
// ANCHOR: trouble
#[derive(Debug)]
pub struct Trouble {
    /// The step and a number: 203 is `P0203`.
    pub code: u16,
    /// What a person sees.
    pub what: &'static str,
    /// Why it is so.
    pub cause: &'static str,
    /// What to do.
    pub cure: &'static str,
    /// The prerequisite whose lack it is, where it is one: its command is told as well.
    pub needs: Option<&'static str>,
    /// The page of the book that explains it, without its ending.
    pub chapter: &'static str,
}
// ANCHOR_END: trouble

/// All of them, by their number.
pub fn troubles() -> impl Iterator<Item = &'static Trouble> {
    [
        kernel::TROUBLES,
        kernel_further::TROUBLES,
        process::TROUBLES,
        namespaces::TROUBLES,
        rootfs::TROUBLES,
        cgroups::TROUBLES,
        confinement::TROUBLES,
        runtime::TROUBLES,
        images::TROUBLES,
        registry::TROUBLES,
        network::TROUBLES,
        engine::TROUBLES,
        volumes::TROUBLES,
        systemd::TROUBLES,
        line::TROUBLES,
    ]
    .into_iter()
    .flatten()
}

/// The one of that number.
#[must_use]
pub fn trouble(code: u16) -> Option<&'static Trouble> {
    troubles().find(|trouble| trouble.code == code)
}

/// A code as it is shown.
#[must_use]
pub fn shown(code: u16) -> String {
    format!("P{code:04}")
}

/// The number of a code as it is shown, in whatever letters.
#[must_use]
pub fn parse(text: &str) -> Option<u16> {
    let digits = text.strip_prefix(['P', 'p'])?;
    let is_code = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| digits.parse().ok()).flatten()
}

impl Trouble {
    const fn new(
        code: u16,
        what: &'static str,
        cause: &'static str,
        cure: &'static str,
        chapter: &'static str,
    ) -> Trouble {
        Trouble { code, what, cause, cure, needs: None, chapter }
    }

    const fn needs(self, prerequisite: &'static str) -> Trouble {
        Trouble { needs: Some(prerequisite), ..self }
    }

    const fn told_in(self, chapter: &'static str) -> Trouble {
        Trouble { chapter, ..self }
    }

    /// The command that mends what is lacking on this distribution, for the user of that name.
    #[must_use]
    pub fn mending(&self, user: &str) -> Option<String> {
        // Where there is no systemd, nobody lingers, and a cgroup is given by hand.
        let by_hand = self.code == NO_DELEGATION && !std::path::Path::new("/run/systemd/system").exists();
        let needs = if by_hand { Some("delegation") } else { self.needs };
        needs.and_then(prerequisite).map(|wanted| wanted.mending(user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_number_of_its_own_in_order() {
        let kernel: Vec<u16> = troubles().map(|one| one.code).take_while(|code| *code < 200).collect();
        assert!(kernel.is_sorted_by(|a, b| a < b), "{kernel:?}");
        let codes: Vec<u16> = troubles().map(|one| one.code).collect();
        assert!(codes.iter().all(|code| codes.iter().filter(|other| *other == code).count() == 1), "{codes:?}");
    }

    #[test]
    fn what_is_needed_is_a_prerequisite() {
        for one in troubles() {
            assert!(one.needs.is_none_or(|needs| prerequisite(needs).is_some()), "{}", one.code);
            assert!(one.what.len() < 90 && !one.cause.is_empty() && !one.cure.is_empty(), "{}", one.code);
        }
    }

    #[test]
    fn a_code_is_a_letter_and_four_digits() {
        assert_eq!(parse("P0203"), Some(203));
        assert_eq!(parse("p1002"), Some(1002));
        for not in ["", "P", "P203", "P02033", "P+203", "0203", "Pabcd", "P020é"] {
            assert_eq!(parse(not), None, "{not}");
        }
        assert_eq!(shown(28), "P0028");
    }
}
