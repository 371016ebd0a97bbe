//! What a container is given to see: `--volume`, `--mount`, `--tmpfs`.

mod flag;
mod glob;
mod mount;
mod tmpfs;

use std::path::{Path, PathBuf};

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

pub use mount::given;

use crate::Mount;

/// Where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// An existing path of the host.
    Host(PathBuf),
    /// A volume, made when there is none of this name.
    Named(String),
    /// A volume of the container's own.
    Anonymous,
    /// An empty file system in memory.
    Memory,
    /// Pseudo-terminals of its own.
    Terminals,
    /// The files of an image, by its name.
    Image(String),
}

/// A directory or file in the container that is not its image's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Where it comes from.
    pub source: Source,
    /// An absolute path of the container.
    pub destination: PathBuf,
    /// Words of Podman's: mount options, and `z Z U O copy nocopy subpath=PATH upperdir=PATH workdir=PATH`, which are not for
    /// the kernel.
    pub options: Vec<String>,
}

/// Options of which one excludes the others, and how Podman writes the group.
const GROUPS: [(&[&str], &str); 9] = [
    (&["rw", "ro"], "'rw' or 'ro'"),
    (&["z", "Z", "O"], "'z', 'Z', or 'O'"),
    (&["bind", "rbind"], "'[r]bind'"),
    (
        &["private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"],
        "'[r]shared', '[r]private', '[r]slave' or '[r]unbindable'",
    ),
    (&["exec", "noexec"], "'noexec' or 'exec'"),
    (&["dev", "nodev"], "'nodev' or 'dev'"),
    (&["suid", "nosuid"], "'nosuid' or 'suid'"),
    (&["copy", "nocopy"], "'copy' or 'nocopy'"),
    (&["U"], "'U'"),
];
/// Those that the kernel does not know.
const OURS: [&str; 6] = ["z", "Z", "O", "U", "copy", "nocopy"];

/// The same with values.
const VALUES: [&str; 3] = ["subpath=", "upperdir=", "workdir="];

/// The user's own directories for what is written to an overlay, and for the kernel; without them it is gone at the end.
#[must_use]
pub fn upper(options: &[String]) -> Option<[&Path; 2]> {
    let of = |name| options.iter().find_map(|word| word.strip_prefix(name)).map(Path::new);
    Some([of("upperdir=")?, of("workdir=")?])
}

/// The part of a volume or an image that is meant, from its top.
#[must_use]
pub fn subpath(options: &[String]) -> Option<&Path> {
    options.iter().find_map(|word| word.strip_prefix("subpath=")).map(Path::new)
}

impl Volume {
    /// Whether its files get the label that SELinux lets containers see: of all containers (`z`), of this one (`Z`).
    #[must_use]
    pub fn relabel(&self) -> Option<char> {
        self.options.iter().find_map(|word| ["z", "Z"].contains(&word.as_str()).then(|| word.chars().next())?)
    }

    /// Whether its files are given to the container's user (`U`).
    #[must_use]
    pub fn chown(&self) -> bool {
        self.has("U")
    }

    /// Whether what is written to it goes to a layer above it (`O`).
    #[must_use]
    pub fn is_overlay(&self) -> bool {
        self.has("O")
    }

    /// Whether a new volume begins with what the image has in its place; `nocopy` says no.
    #[must_use]
    pub fn copies(&self) -> bool {
        !self.has("nocopy")
    }

    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|word| word == option)
    }

    /// The mount that it is; a volume's directory is only known to who keeps volumes ([`Volume::mount_from`]).
    #[must_use]
    pub fn mount(&self) -> Mount {
        match &self.source {
            Source::Host(path) => self.mount_from(path),
            Source::Named(name) => self.mount_from(Path::new(name)),
            Source::Anonymous => self.mount_from(Path::new("")),
            Source::Memory => self.mount_memory(),
            Source::Terminals => self.mount_terminals(),
            // Only who keeps images knows.
            Source::Image(name) => self.mount_from(Path::new(name)),
        }
    }

    /// The directory `source` in its place: with all that is mounted below, private, without devices and setuid programs
    /// unless asked for, as Podman's.
    // ANCHOR: from
    #[must_use]
    pub fn mount_from(&self, source: &Path) -> Mount {
        let mut options: Vec<String> = Vec::new();
        for (group, default) in [(2, "rbind"), (3, "rprivate"), (5, "nodev"), (6, "nosuid")] {
            let (words, _) = GROUPS[group];
            if !self.options.iter().any(|word| words.contains(&word.as_str())) {
                options.push(default.into());
            }
        }
        let is_ours = |word: &str| OURS.contains(&word) || VALUES.iter().any(|name| word.starts_with(name));
        let kernels = |word: &&String| !is_ours(word);
        // What is mounted below is as little to be changed.
        let all = |word: &String| if word == "ro" { "rro".to_string() } else { word.clone() };
        options.extend(self.options.iter().filter(kernels).map(all));
        Mount { options, ..Mount::bind(source, &self.destination, "") }
    }
    // ANCHOR_END: from
}

/// Checks the options of a volume or a bind mount.
fn check(options: &[String]) -> Result<()> {
    for (words, group) in GROUPS {
        let given: Vec<&str> = options.iter().map(String::as_str).filter(|word| words.contains(word)).collect();
        if given.len() > 1 {
            let given = given.join(", ");
            return Err(Error::new(format!("invalid options \"{given}\", can only specify 1 {group} option"))
                .code(code::BAD_VOLUME));
        }
    }
    check_upper(options)?;
    for word in options {
        match word.as_str() {
            word if word.starts_with("upperdir=") || word.starts_with("workdir=") => {}
            word if word == "idmap" || word.starts_with("idmap=") => {
                return Err(Error::new(
                    "option idmap: the kernel maps the ids of a mount for root of the whole machine only",
                )
                .code(code::OTHER_CALLER)
                .hint("option U gives the files to the container's user; --userns keep-id lets it be you"));
            }
            word if GROUPS.iter().any(|(words, _)| words.contains(&word)) => {}
            word => return Err(Error::new(format!("invalid option type \"{word}\"")).code(code::BAD_VOLUME)),
        }
    }
    Ok(())
}

/// Both directories for an overlay's layer, or none.
fn check_upper(options: &[String]) -> Result<()> {
    let given = |name: &str| options.iter().filter(|word| word.starts_with(name)).collect::<Vec<_>>();
    let all = [("upperdir", given("upperdir=")), ("workdir", given("workdir="))];
    for (name, words) in &all {
        if let Some(word) = words.first().filter(|_| options.iter().all(|word| word != "O")) {
            return Err(
                Error::new(format!("unknown mount option \"{word}\": invalid mount option")).code(code::BAD_VOLUME)
            );
        }
        if words.len() > 1 {
            let given = options.join(", ");
            return Err(Error::new(format!("invalid options \"{given}\", can only specify 1 {name} per overlay"))
                .code(code::BAD_VOLUME));
        }
    }
    match upper(options) {
        Some(paths) => paths.into_iter().try_for_each(|path| host(&path.to_string_lossy()).map(drop)),
        None if all.iter().all(|(_, words)| words.is_empty()) => Ok(()),
        None => Err(Error::new("must set both `upperdir` and `workdir`").code(code::BAD_VOLUME)),
    }
}

/// A place in the container.
fn destination(path: &str) -> Result<PathBuf> {
    match path {
        "" => Err(Error::new("container directory cannot be empty").code(code::BAD_VOLUME)),
        path if !path.starts_with('/') => {
            Err(Error::new(format!("invalid container path \"{path}\", must be an absolute path"))
                .code(code::BAD_VOLUME))
        }
        path => Ok(Path::new(path).components().collect()),
    }
}

/// A path of the host, which must exist.
fn host(path: &str) -> Result<Source> {
    // statfs, because Podman says so; what matters is that nothing is made by a mistyped name.
    rustix::fs::statfs(path).map_err(|errno| lower_case(&format!("statfs {path}"), errno))?;
    Ok(Source::Host(path.into()))
}

/// The kernel's words as Go writes them, so that scripts that look for Podman's find ours.
fn lower_case(tried: &str, errno: rustix::io::Errno) -> Error {
    match errno {
        rustix::io::Errno::NOENT => Error::because(tried, "no such file or directory").code(code::NO_SOURCE),
        errno => Error::os(tried, errno),
    }
}
