//! What happens when a container ends: `--restart`.

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

/// A policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// It stays ended.
    #[default]
    No,
    /// It begins anew, unless somebody stopped it.
    Always,
    /// The same; the two differ only in what happens at boot.
    UnlessStopped,
    /// It begins anew when its status is not 0, at most so many times; 0 is no limit.
    OnFailure(u32),
}

impl Restart {
    /// Reads `no`, `always`, `unless-stopped`, `on-failure[:TIMES]`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Restart> {
        match text.split_once(':').map_or((text, None), |(name, times)| (name, Some(times))) {
            ("" | "no", None) => Ok(Restart::No),
            ("always", None) => Ok(Restart::Always),
            ("unless-stopped", None) => Ok(Restart::UnlessStopped),
            ("on-failure", None) => Ok(Restart::OnFailure(0)),
            ("on-failure", Some(times)) => times
                .parse()
                .map(Restart::OnFailure)
                .map_err(|_| Error::new(format!("{times:?} is not a valid number of retries")).code(code::BAD_VALUE)),
            (_, Some(_)) => {
                Err(Error::new("restart policy retries can only be specified with on-failure").code(code::BAD_VALUE))
            }
            _ => Err(Error::new(format!("restart policy {text:?} is not valid")).code(code::BAD_VALUE)),
        }
    }

    /// Its name, without the times.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Restart::No => "no",
            Restart::Always => "always",
            Restart::UnlessStopped => "unless-stopped",
            Restart::OnFailure(_) => "on-failure",
        }
    }

    /// Whether a container that ended with `status`, and was restarted `times` times before, begins anew.
    #[must_use]
    pub fn again(self, status: u8, times: u32) -> bool {
        match self {
            Restart::No => false,
            Restart::Always | Restart::UnlessStopped => true,
            Restart::OnFailure(limit) => status != 0 && (limit == 0 || times < limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies() {
        for (text, status, times, again) in [
            ("no", 1, 0, false),
            ("always", 0, 9, true),
            ("unless-stopped", 0, 9, true),
            ("on-failure", 0, 0, false),
            ("on-failure", 1, 999, true),
            ("on-failure:2", 1, 1, true),
            ("on-failure:2", 1, 2, false),
        ] {
            assert_eq!(Restart::parse(text).map(|policy| policy.again(status, times)), Ok(again), "{text}");
        }
        for text in ["sometimes", "always:3", "on-failure:x", "on-failure:-1"] {
            assert!(Restart::parse(text).is_err(), "{text}");
        }
    }
}
