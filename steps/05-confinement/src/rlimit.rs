//! Limits of a process (setrlimit(2)).

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use process::{Error, Result, code};

/// No limit.
pub const UNLIMITED: u64 = u64::MAX;

/// The names of the OCI configuration.
const KINDS: [(&str, Resource); 16] = [
    ("RLIMIT_AS", Resource::RLIMIT_AS),
    ("RLIMIT_CORE", Resource::RLIMIT_CORE),
    ("RLIMIT_CPU", Resource::RLIMIT_CPU),
    ("RLIMIT_DATA", Resource::RLIMIT_DATA),
    ("RLIMIT_FSIZE", Resource::RLIMIT_FSIZE),
    ("RLIMIT_LOCKS", Resource::RLIMIT_LOCKS),
    ("RLIMIT_MEMLOCK", Resource::RLIMIT_MEMLOCK),
    ("RLIMIT_MSGQUEUE", Resource::RLIMIT_MSGQUEUE),
    ("RLIMIT_NICE", Resource::RLIMIT_NICE),
    ("RLIMIT_NOFILE", Resource::RLIMIT_NOFILE),
    ("RLIMIT_NPROC", Resource::RLIMIT_NPROC),
    ("RLIMIT_RSS", Resource::RLIMIT_RSS),
    ("RLIMIT_RTPRIO", Resource::RLIMIT_RTPRIO),
    ("RLIMIT_RTTIME", Resource::RLIMIT_RTTIME),
    ("RLIMIT_SIGPENDING", Resource::RLIMIT_SIGPENDING),
    ("RLIMIT_STACK", Resource::RLIMIT_STACK),
];

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rlimit {
    /// `RLIMIT_NOFILE` and so on.
    pub kind: String,
    /// What the kernel enforces; in the kind's own unit, [`UNLIMITED`] for none.
    pub soft: u64,
    /// Up to where the program may raise the soft one.
    pub hard: u64,
}

impl Rlimit {
    /// Reads `nofile=1024` or `nofile=1024:2048`; -1 is as much as the caller may have, as Podman's.
    ///
    /// # Errors
    /// Anything else, an unknown name, a soft limit above the hard one.
    pub fn parse(text: &str) -> Result<Rlimit> {
        let invalid = || {
            Error::new(format!("invalid ulimit argument: \"{text}\" (must be NAME=SOFT[:HARD])")).code(code::BAD_ULIMIT)
        };
        let (name, limits) = text.split_once('=').ok_or_else(invalid)?;
        let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
        let kind = format!("RLIMIT_{}", name.to_ascii_uppercase());
        let resource = resource(&kind)?;
        let value = |text: &str| match text {
            "-1" => Ok(getrlimit(resource).map_or(UNLIMITED, |(_, hard)| hard)),
            _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => Err(invalid()),
            _ => text.parse().map_err(|_| invalid()),
        };
        let limit = Rlimit { kind, soft: value(soft)?, hard: value(hard)? };
        if limit.soft > limit.hard {
            return Err(Error::new(format!("ulimit {name}: the soft limit {soft} is above the hard limit {hard}"))
                .code(code::BAD_ULIMIT));
        }
        Ok(limit)
    }

    pub(crate) fn apply(&self) -> Result<()> {
        let resource = resource(&self.kind)?;
        setrlimit(resource, self.soft, self.hard).map_err(|errno| {
            let error = Error::os(format!("set {} to {}:{}", self.kind, show(self.soft), show(self.hard)), errno);
            match getrlimit(resource) {
                Ok((_, hard)) if errno == Errno::EPERM => error
                    .hint(format!("without privileges the hard limit cannot be above yours, {}", show(hard)))
                    .code(code::RLIMIT_REFUSED),
                _ => error,
            }
        })
    }
}

fn resource(kind: &str) -> Result<Resource> {
    let found = KINDS.iter().find(|(name, _)| *name == kind);
    found.map(|(_, kind)| *kind).ok_or_else(|| Error::new(format!("unknown limit {kind}")).code(code::BAD_ULIMIT))
}

fn show(limit: u64) -> String {
    if limit == UNLIMITED { "unlimited".into() } else { limit.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_podman_writes_them() {
        let limit = |soft, hard| Ok(Rlimit { kind: "RLIMIT_NOFILE".into(), soft, hard });
        assert_eq!(Rlimit::parse("nofile=1024"), limit(1024, 1024));
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(Rlimit::parse("nofile=0:-1"), limit(0, most));
        for text in ["nofile", "nofile=", "nofile=+1", "nofile=1:2:3", "files=1", "nofile=2:1", "=1"] {
            assert!(Rlimit::parse(text).is_err(), "{text}");
        }
    }
}
