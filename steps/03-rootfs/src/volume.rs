//! `--volume SOURCE:DESTINATION[:OPTIONS]`.

use std::path::{Path, PathBuf};

use process::{Error, Result};

use crate::Mount;

/// A directory or file of the host in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// An existing path of the host.
    pub source: PathBuf,
    /// An absolute path of the container.
    pub destination: PathBuf,
    /// Mount options, as the user gave them.
    pub options: Vec<String>,
    /// `z` or `Z`: the label that SELinux shall see on the source; a later step sets it.
    pub relabel: Option<char>,
}

/// Options of which one excludes the others, and how Podman writes the group.
const GROUPS: [(&[&str], &str); 7] = [
    (&["rw", "ro"], "'rw' or 'ro'"),
    (&["z", "Z"], "'z', 'Z', or 'O'"),
    (&["bind", "rbind"], "'[r]bind'"),
    (
        &["private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"],
        "'[r]shared', '[r]private', '[r]slave' or '[r]unbindable'",
    ),
    (&["exec", "noexec"], "'noexec' or 'exec'"),
    (&["dev", "nodev"], "'nodev' or 'dev'"),
    (&["suid", "nosuid"], "'nosuid' or 'suid'"),
];

impl Volume {
    /// Reads one, with Podman's rules and words.
    ///
    /// # Errors
    /// The first rule that it breaks; a source that does not exist.
    // ANCHOR: volume
    pub fn parse(text: &str) -> Result<Volume> {
        let parts: Vec<&str> = text.split(':').collect();
        let (source, destination, words) = match parts[..] {
            [source, destination] => (source, destination, ""),
            [source, destination, words] => (source, destination, words),
            [""] => return Err(Error::new("host directory cannot be empty")),
            [_] => {
                return Err(Error::new(format!(
                    "{text}: volumes without a directory of the host are not supported yet"
                )));
            }
            _ => {
                let form = "incorrect volume format, should be [host-dir:]ctr-dir[:option]";
                return Err(Error::new(format!("{text}: {form}")));
            }
        };
        if source.is_empty() {
            return Err(Error::new("host directory cannot be empty"));
        }
        if destination.is_empty() {
            return Err(Error::new("container directory cannot be empty"));
        }
        if !destination.starts_with('/') {
            return Err(Error::new(format!("invalid container path \"{destination}\", must be an absolute path")));
        }
        if !source.starts_with(['/', '.']) {
            return Err(Error::new(format!("\"{source}\" names a volume: not supported yet"))
                .hint(format!("for a directory write ./{source}")));
        }
        let options: Vec<String> = words.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        check(&options)?;
        // statfs, because Podman says so; what matters is that nothing is made by a mistyped name.
        rustix::fs::statfs(source).map_err(|errno| lower_case(&format!("statfs {source}"), errno))?;
        let relabel =
            options.iter().find_map(|word| ["z", "Z"].contains(&word.as_str()).then(|| word.chars().next())?);
        let destination = Path::new(destination).components().collect();
        Ok(Volume { source: source.into(), destination, options, relabel })
    }
    // ANCHOR_END: volume

    /// The mount that it is: with all that is mounted below, private, without devices and setuid programs unless
    /// asked for, as Podman's.
    #[must_use]
    pub fn mount(&self) -> Mount {
        let mut options: Vec<String> = Vec::new();
        for (group, default) in [(2, "rbind"), (3, "rprivate"), (5, "nodev"), (6, "nosuid")] {
            let (words, _) = GROUPS[group];
            if !self.options.iter().any(|word| words.contains(&word.as_str())) {
                options.push(default.into());
            }
        }
        options.extend(self.options.iter().filter(|word| !["z", "Z"].contains(&word.as_str())).cloned());
        Mount { options, ..Mount::bind(&self.source, &self.destination, "") }
    }
}

fn check(options: &[String]) -> Result<()> {
    for (words, group) in GROUPS {
        let given: Vec<&str> = options.iter().map(String::as_str).filter(|word| words.contains(word)).collect();
        if given.len() > 1 {
            let given = given.join(", ");
            return Err(Error::new(format!("invalid options \"{given}\", can only specify 1 {group} option")));
        }
    }
    let unknown = options.iter().find(|word| !GROUPS.iter().any(|(words, _)| words.contains(&word.as_str())));
    match unknown {
        Some(word) => Err(Error::new(format!("invalid option type \"{word}\""))),
        None => Ok(()),
    }
}

/// The kernel's words as Go writes them, so that scripts that look for Podman's find ours.
fn lower_case(tried: &str, errno: rustix::io::Errno) -> Error {
    match errno {
        rustix::io::Errno::NOENT => Error::because(tried, "no such file or directory"),
        errno => Error::os(tried, errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_private_and_without_devices_unless_said_otherwise() {
        let options = |text| Volume::parse(text).map(|volume| volume.mount().options.join(","));
        assert_eq!(options("/tmp:/a"), Ok("rbind,rprivate,nodev,nosuid".into()));
        assert_eq!(options("/tmp:/a:ro,Z,slave"), Ok("rbind,nodev,nosuid,ro,slave".into()));
    }

    #[test]
    fn errors_are_podmans() {
        for (text, words) in [
            ("/nonexistent:/x", "statfs /nonexistent: no such file or directory"),
            ("/tmp:x", "invalid container path \"x\", must be an absolute path"),
            ("/tmp:/a:b:c", "/tmp:/a:b:c: incorrect volume format, should be [host-dir:]ctr-dir[:option]"),
            ("/tmp:/a:bogus", "invalid option type \"bogus\""),
            ("/tmp:/a:ro,rw", "invalid options \"ro, rw\", can only specify 1 'rw' or 'ro' option"),
            (":/a", "host directory cannot be empty"),
            ("/tmp:", "container directory cannot be empty"),
        ] {
            assert_eq!(Volume::parse(text).map_err(|error| error.to_string()), Err(words.into()), "{text}");
        }
    }
}
