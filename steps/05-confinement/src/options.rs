//! `--security-opt`.

use std::path::{Path, PathBuf};

use process::{Error, Result, code};
use rootfs::Mount;

use crate::{apparmor, label};

/// What the options of a command line say together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityOptions {
    /// `no-new-privileges`.
    pub no_new_privileges: bool,
    /// `seccomp=unconfined`.
    pub unconfined: bool,
    /// `seccomp=FILE`.
    pub seccomp: Option<PathBuf>,
    /// `apparmor=PROFILE`, unless it is `unconfined`.
    pub apparmor: Option<String>,
    /// What follows `label=`: `disable`, `type:T`, `level:L`, `user:U`, `role:R`, `filetype:T`.
    pub label: Vec<String>,
    /// `proc-opts=OPTION,OPTION`: of the mount of `/proc` (proc(5)).
    pub proc: Vec<String>,
    /// `mask=PATH:PATH`.
    mask: Vec<PathBuf>,
    /// `unmask=PATTERN:PATTERN`; `ALL` is every path.
    unmask: Vec<String>,
}

impl SecurityOptions {
    /// Reads them.
    ///
    /// # Errors
    /// An option that is not known, or whose value is not.
    pub fn parse(options: &[String]) -> Result<SecurityOptions> {
        let mut found = SecurityOptions::default();
        for option in options {
            let invalid = || Error::new(format!("invalid --security-opt \"{option}\"")).code(code::BAD_SECURITY_OPTION);
            let (name, value) = match option.split_once('=').or_else(|| option.split_once(':')) {
                Some((name, value)) => (name, Some(value)),
                None => (option.as_str(), None),
            };
            match (name, value) {
                ("no-new-privileges", None | Some("true")) => found.no_new_privileges = true,
                ("no-new-privileges", Some("false")) => found.no_new_privileges = false,
                // The last one counts.
                ("seccomp", Some("unconfined")) => (found.unconfined, found.seccomp) = (true, None),
                ("seccomp", Some(path)) if !path.is_empty() => {
                    (found.unconfined, found.seccomp) = (false, Some(path.into()));
                }
                ("apparmor", Some("unconfined")) => found.apparmor = None,
                ("apparmor", Some(profile)) if !profile.is_empty() => {
                    apparmor::check(profile)?;
                    found.apparmor = Some(profile.into());
                }
                ("systempaths", Some("unconfined")) => found.unmask.push("ALL".into()),
                // Only its own: none that would make another mount of it.
                ("proc-opts", Some(words)) => {
                    let words = words.split(',').filter(|word| !word.is_empty()).map(str::to_owned);
                    found.proc = words
                        .map(|word| if is_of_proc(&word) { Ok(word) } else { Err(invalid()) })
                        .collect::<Result<_>>()?;
                }
                ("label", Some(word)) => {
                    let word = word.to_owned();
                    label::check(std::slice::from_ref(&word))?;
                    found.label.push(word);
                }
                ("mask", Some(paths)) => {
                    let paths = paths.split(':').map(PathBuf::from);
                    let paths = paths.map(|path| if path.is_absolute() { Ok(path) } else { Err(invalid()) });
                    found.mask.extend(paths.collect::<Result<Vec<_>>>()?);
                }
                ("unmask", Some(paths)) if !paths.is_empty() => {
                    found.unmask.extend(paths.split(':').map(str::to_owned));
                }
                _ => return Err(invalid()),
            }
        }
        Ok(found)
    }

    /// Gives its options to the mount of `/proc`.
    ///
    /// # Errors
    /// When that is none of the container's own.
    // ANCHOR: proc
    pub fn restrict_proc(&self, mounts: &mut [Mount]) -> Result<()> {
        if self.proc.is_empty() {
            return Ok(());
        }
        let proc = mounts.iter_mut().find(|mount| mount.destination == Path::new("/proc") && !mount.is_bind());
        let words = "--security-opt proc-opts: the container has no /proc of its own, but the host's";
        let proc = proc.ok_or_else(|| {
            Error::new(words).code(code::NOT_ITS_OWN).hint("it goes with a PID namespace of its own, without --pid")
        })?;
        proc.options.extend(self.proc.iter().cloned());
        Ok(())
    }
    // ANCHOR_END: proc

    /// The paths that stay hidden, and those that are hidden by wish.
    #[must_use]
    pub fn masked(&self, defaults: Vec<PathBuf>) -> Vec<PathBuf> {
        self.unmasked(defaults).into_iter().chain(self.mask.iter().cloned()).collect()
    }

    /// Those of the paths that no `unmask` names.
    #[must_use]
    pub fn unmasked(&self, mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
        let all = self.unmask.iter().any(|pattern| pattern.eq_ignore_ascii_case("all"));
        paths.retain(|path| !all && !self.unmask.iter().any(|pattern| names(pattern, path)));
        paths
    }
}

/// Whether a word is an option of the file system, and not of the mount.
fn is_of_proc(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| ["hidepid", "gid", "subset"].contains(&name))
}

/// Whether the pattern is this path. A `*` is any part of one name.
fn names(pattern: &str, path: &Path) -> bool {
    let pattern: Vec<_> = Path::new(pattern).components().collect();
    let path: Vec<_> = path.components().collect();
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(path)
            .all(|(pattern, name)| glob(pattern.as_os_str().as_encoded_bytes(), name.as_os_str().as_encoded_bytes()))
}

fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skip| glob(rest, &name[skip..])),
        Some((byte, rest)) => name.split_first().is_some_and(|(first, name)| first == byte && glob(rest, name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(options: &[&str]) -> Result<SecurityOptions> {
        SecurityOptions::parse(&options.iter().map(|option| (*option).into()).collect::<Vec<_>>())
    }

    #[test]
    fn exactly_what_is_named_is_unmasked() {
        let left = |option| {
            let paths = ["/proc/kcore", "/proc/keys", "/sys/firmware"].map(PathBuf::from).to_vec();
            parse(&[option]).map(|options| options.masked(paths).len())
        };
        for (option, count) in [
            ("unmask=ALL", 0),
            ("unmask=/proc/kcore", 2),
            ("unmask=/proc/kcore:/sys/firmware", 1),
            ("unmask=/proc/*", 1),
            ("unmask=/*", 3),
            ("unmask=/proc/k", 3),
            ("unmask=/proc", 3),
            ("mask=/a:/b", 5),
        ] {
            assert_eq!(left(option), Ok(count), "{option}");
        }
    }

    #[test]
    fn the_last_word_on_system_calls_counts() {
        let both = |options: &[&str]| parse(options).map(|found| (found.unconfined, found.seccomp)).unwrap();
        assert_eq!(both(&["seccomp=unconfined", "seccomp=/a"]), (false, Some("/a".into())));
        assert_eq!(both(&["seccomp=/a", "seccomp=unconfined"]), (true, None));
    }

    #[test]
    fn the_last_word_on_proc_counts() {
        let proc = |options: &[&str]| parse(options).map(|found| found.proc.join(" "));
        assert_eq!(proc(&["proc-opts=hidepid=2,subset=pid"]), Ok("hidepid=2 subset=pid".into()));
        assert_eq!(proc(&["proc-opts=hidepid=2", "proc-opts=gid=7"]), Ok("gid=7".into()));
        assert_eq!(proc(&["proc-opts=hidepid=2", "proc-opts="]), Ok(String::new()));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        assert!(parse(&["no-new-privileges", "seccomp=unconfined"]).is_ok_and(|o| o.no_new_privileges && o.unconfined));
        for option in [
            "",
            "seccomp",
            "seccomp=",
            "no-new-privileges=maybe",
            "mask=a",
            "mask=",
            "unmask=",
            "x=y",
            "label",
            "label=",
            "label=x:y",
            "proc-opts",
            "proc-opts=bind",
            "proc-opts=hidepid",
            "proc-opts=hidepid=2,rbind",
            "proc-opts=context=x",
        ] {
            assert!(parse(&[option]).is_err(), "{option}");
        }
    }
}
