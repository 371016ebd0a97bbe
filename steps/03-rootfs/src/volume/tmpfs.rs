//! `--tmpfs DESTINATION[:OPTIONS]`.

use process::{Error, Result, code};

use super::{GROUPS, Source, Volume, destination};
use crate::Mount;

/// Options of tmpfs(5) that have a value.
const VALUES: [&str; 7] = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "huge"];

impl Volume {
    /// Reads one, with Podman's rules and words.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse_tmpfs(text: &str) -> Result<Volume> {
        let (place, words) = text.split_once(':').unwrap_or((text, ""));
        let destination = destination(place)?;
        let options = words.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let volume = Volume { source: Source::Memory, destination, options };
        volume.check_memory()?;
        Ok(volume)
    }

    pub(super) fn check_memory(&self) -> Result<()> {
        for (words, _) in GROUPS {
            let mut given = self.options.iter().filter(|word| words.contains(&word.as_str()));
            if let (Some(first), Some(second)) = (given.next(), given.next()) {
                let words = format!("only one of '{first}' and '{second}' can be used");
                return Err(Error::new(format!("{words}: duplicate mount option passed")).code(code::BAD_VOLUME));
            }
        }
        for word in &self.options {
            let known = match word.split_once('=') {
                Some((name, _)) => VALUES.contains(&name),
                None => match word.as_str() {
                    // Who the container's user is only the engine knows.
                    "U" => true,
                    "tmpcopyup" | "notmpcopyup" | "noatime" | "relatime" | "strictatime" | "nodiratime" => true,
                    "z" | "Z" | "O" | "copy" | "nocopy" | "bind" | "rbind" => false,
                    word => GROUPS.iter().any(|(words, _)| words.contains(&word)),
                },
            };
            if !known {
                return Err(
                    Error::new(format!("unknown mount option \"{word}\": invalid mount option")).code(code::BAD_VOLUME)
                );
            }
        }
        Ok(())
    }

    /// Private, without devices and setuid programs unless asked for, and with what the image has in its place.
    pub(super) fn mount_memory(&self) -> Mount {
        let mut options: Vec<String> = Vec::new();
        let copies: &[&str] = &["tmpcopyup", "notmpcopyup"];
        let defaults =
            [(GROUPS[3].0, "rprivate"), (GROUPS[5].0, "nodev"), (GROUPS[6].0, "nosuid"), (copies, "tmpcopyup")];
        for (words, default) in defaults {
            if !self.options.iter().any(|word| words.contains(&word.as_str())) {
                options.push(default.into());
            }
        }
        options.extend(self.options.iter().filter(|word| *word != "U").cloned());
        Mount { destination: self.destination.clone(), options, ..Mount::new("tmpfs", "", "") }
    }

    /// As those at `/dev/pts`.
    pub(super) fn mount_terminals(&self) -> Mount {
        let mut mount = Mount::new("devpts", "", "nosuid,noexec,newinstance,ptmxmode=0666");
        for default in ["mode=0620", "gid=5"] {
            let name = default.split('=').next().unwrap_or_default();
            if !self.options.iter().any(|word| word.split('=').next() == Some(name)) {
                mount.options.push(default.into());
            }
        }
        mount.options.extend(self.options.iter().cloned());
        Mount { destination: self.destination.clone(), ..mount }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_podman_makes() {
        let options = |text| Volume::parse_tmpfs(text).map(|volume| volume.mount().options.join(","));
        assert_eq!(options("/x"), Ok("rprivate,nodev,nosuid,tmpcopyup".into()));
        assert_eq!(
            options("/x:size=1m,mode=1777,suid,noexec,notmpcopyup"),
            Ok("rprivate,nodev,size=1m,mode=1777,suid,noexec,notmpcopyup".into())
        );
    }

    #[test]
    fn errors_are_podmans() {
        for (text, words) in [
            ("/x:bogus", "unknown mount option \"bogus\": invalid mount option"),
            ("/x:a:b", "unknown mount option \"a:b\": invalid mount option"),
            ("/x:rw,ro", "only one of 'rw' and 'ro' can be used: duplicate mount option passed"),
            ("x", "invalid container path \"x\", must be an absolute path"),
            ("", "container directory cannot be empty"),
        ] {
            assert_eq!(Volume::parse_tmpfs(text).map_err(|error| error.to_string()), Err(words.into()), "{text}");
        }
    }
}
