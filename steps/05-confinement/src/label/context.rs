//! What the policy calls containers.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A label, in its four parts (selinux(8)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Who, to the policy.
    pub user: String,
    /// In which role.
    pub role: String,
    /// The type, on which nearly all of the policy's rules are about.
    pub kind: String,
    /// Sensitivity and categories.
    pub level: String,
}

impl Context {
    /// Reads one. The level may have colons.
    #[must_use]
    pub fn parse(text: &str) -> Option<Context> {
        let mut parts = text.splitn(4, ':').map(str::to_owned);
        let mut part = || parts.next().filter(|part| !part.is_empty());
        Some(Context { user: part()?, role: part()?, kind: part()?, level: part().unwrap_or_else(|| "s0".into()) })
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.user, self.role, self.kind, self.level)
    }
}

/// The contexts from which those of containers are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy {
    /// Of processes.
    pub process: Context,
    /// Of files.
    pub file: Context,
}

impl Default for Policy {
    fn default() -> Policy {
        let context = |role: &str, kind: &str| Context {
            user: "system_u".into(),
            role: role.into(),
            kind: kind.into(),
            level: "s0".into(),
        };
        Policy { process: context("system_r", "container_t"), file: context("object_r", "container_file_t") }
    }
}

impl Policy {
    /// From the file that the policy of this machine has for it.
    pub(super) fn read() -> Policy {
        let root = Path::new("/etc/selinux");
        let config = fs::read_to_string(root.join("config")).unwrap_or_default();
        let name = value(&config, "SELINUXTYPE").unwrap_or("targeted");
        let path: PathBuf = root.join(name).join("contexts/lxc_contexts");
        Policy::parse(&fs::read_to_string(path).unwrap_or_default())
    }

    fn parse(text: &str) -> Policy {
        let mut policy = Policy::default();
        let context = |name| value(text, name).and_then(Context::parse);
        if let Some(process) = context("process") {
            policy.process = process;
        }
        if let Some(file) = context("file") {
            policy.file = file;
        }
        policy
    }
}

/// `NAME = "VALUE"`, as in a shell or not.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().filter_map(|line| line.split_once('=')).find_map(|(found, value)| {
        let value = value.trim().trim_matches('"');
        (found.trim() == name && !value.is_empty()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policys_own_words_win() {
        let text =
            "# contexts\nprocess = \"system_u:system_r:svirt_t:s0\"\ncontent = \"a:b:c:s0\"\nfile=u:object_r:f_t\n";
        let policy = Policy::parse(text);
        assert_eq!(policy.process.to_string(), "system_u:system_r:svirt_t:s0");
        assert_eq!(policy.file.to_string(), "u:object_r:f_t:s0");
        assert_eq!(Policy::parse("process = \"nonsense\"\n# file = x\n"), Policy::default());
    }

    #[test]
    fn a_level_may_have_colons() {
        let text = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023";
        let context = Context::parse(text).unwrap();
        assert_eq!((context.level.as_str(), context.to_string().as_str()), ("s0-s0:c0.c1023", text));
    }
}
