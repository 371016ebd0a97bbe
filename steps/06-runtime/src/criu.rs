//! criu(8), which writes processes to files and makes them again. It is a program of others, and root's.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use nix::unistd::{AccessFlags, access, geteuid};
use oci_spec::runtime::{LinuxNamespaceType, Spec};
use process::{Error, Result, code};

use crate::options::{self, given};
use crate::plan::is_initial;

/// What the container's standard descriptors were, in the directory of the images.
pub(crate) const DESCRIPTORS: &str = "descriptors.json";

/// Adds what both verbs have.
pub(crate) fn define(command: clap::Command) -> clap::Command {
    options::id(command)
        .arg(options::path("image-path", "DIR", "Where the images are").default_value("checkpoint"))
        .arg(options::path("work-path", "DIR", "Where criu keeps its log [default: with the images]"))
        .arg(options::flag("tcp-established", "Connections that are open, too"))
        .arg(options::flag("ext-unix-sk", "Sockets whose other end is outside, too"))
        .arg(options::flag("shell-job", "Also a process that has somebody's terminal"))
        .arg(options::flag("file-locks", "Locks of files, too"))
        .arg(
            clap::Arg::new("manage-cgroups-mode")
                .long("manage-cgroups-mode")
                .value_name("MODE")
                .value_parser(["soft", "full", "strict", "ignore"])
                .default_value("ignore")
                .help("What criu does with cgroups; by default the container is put into its own by us"),
        )
}

/// The program.
///
/// # Errors
/// For who is not root, and where it is not installed.
pub(crate) fn find() -> Result<PathBuf> {
    if !geteuid().is_root() || !is_initial() {
        return Err(Error::new("to checkpoint and restore a container takes root: criu sets what only root may set")
            .code(code::OTHER_CALLER));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).map(|directory| directory.join("criu"));
    places.into_iter().find(|place| access(place, AccessFlags::X_OK).is_ok()).ok_or_else(|| {
        Error::new("there is no program criu, which checkpoints and restores processes")
            .code(code::CRIU_FAILED)
            .hint("install the package criu: `dnf install criu`, or `apt-get install criu` where Debian has it")
    })
}

/// Says no to what its command line cannot do.
///
/// # Errors
/// Which part of the document it is.
pub(crate) fn suits(spec: &Spec) -> Result<()> {
    let linux = spec.linux().as_ref();
    let namespaces = || linux.and_then(|linux| linux.namespaces().as_ref()).into_iter().flatten();
    let refused = |what: &str| {
        Err(Error::new(format!("a container with {what} cannot be checkpointed or restored")).code(code::CRIU_FAILED))
    };
    if spec.process().as_ref().is_some_and(|process| process.terminal() == Some(true)) {
        return refused("a terminal, whose other end is not the container's,");
    }
    if namespaces().any(|namespace| namespace.typ() == LinuxNamespaceType::User) {
        return refused("a user namespace, whose root may not read the images,");
    }
    match namespaces().any(|namespace| namespace.path().is_some()) {
        true => refused("a namespace of others"),
        false => Ok(()),
    }
}

/// The directories of the images and of the log, made when they are missing.
///
/// # Errors
/// When they cannot be made.
pub(crate) fn directories(matches: &ArgMatches) -> Result<(PathBuf, PathBuf)> {
    let images = given(matches, "image-path").unwrap_or(Path::new("checkpoint"));
    let made = |path: &Path| {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path).and_then(|()| path.canonicalize());
        made.map_err(|error| Error::os(format!("make {}", path.display()), error))
    };
    Ok((made(images)?, made(given(matches, "work-path").unwrap_or(images))?))
}

/// Its words for the flags that both verbs have.
pub(crate) fn words(matches: &ArgMatches, images: &Path, work: &Path, log: &str) -> Vec<String> {
    let directory = |name: &str, path: &Path| [name.to_owned(), path.display().to_string()];
    let mut words = [directory("--images-dir", images), directory("--work-dir", work)].concat();
    words.extend(["--log-file".into(), log.into(), "-v4".into()]);
    // What is mounted from the host is found by criu itself, here and where it is restored.
    words.extend(["--external".into(), "mnt[]:sm".into()]);
    let mode = matches.get_one::<String>("manage-cgroups-mode").map_or("ignore", String::as_str);
    words.push(format!("--manage-cgroups={mode}"));
    let flags = ["tcp-established", "ext-unix-sk", "shell-job", "file-locks"];
    words.extend(flags.into_iter().filter(|name| matches.get_flag(name)).map(|name| format!("--{name}")));
    words
}

/// Why it failed, in its own words: of its log, or what it `said` before it had one.
pub(crate) fn failed(what: &str, log: &Path, said: &str) -> Error {
    let text = fs::read_to_string(log).unwrap_or_default();
    // That it may not raise a limit of its own is an error to it, and ends nothing.
    let errors =
        text.lines().filter_map(|line| line.split_once(" Error (")).filter(|(_, words)| !words.contains("rlimit:"));
    let words = errors.filter_map(|(_, words)| words.split_once("): ")).map(|(_, words)| words).next();
    let error = match words {
        Some(words) => Error::because(what, words.trim()).code(code::CRIU_FAILED),
        None => Error::because(what, said.lines().next().unwrap_or("criu ended with an error")).code(code::CRIU_FAILED),
    };
    error.hint(format!("{} says more; `criu check` says whether it can work on this system", log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_that_matters() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("dump.log");
        let said = |text: &str| {
            fs::write(&log, text).unwrap();
            failed("checkpoint container box", &log, "").to_string().lines().next().unwrap().to_owned()
        };
        let text = "(00.01) Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted\n\
                    (00.02) Dumping\n(00.03) Error (criu/files-reg.c:1790): Can't lookup mount=24\n\
                    (00.10) Error (criu/cr-dump.c:2111): Dumping FAILED.\n";
        assert_eq!(said(text), "checkpoint container box: Can't lookup mount=24");
        assert_eq!(said("nothing"), "checkpoint container box: criu ended with an error");
    }

    #[test]
    fn what_it_cannot_do() {
        let refused = |text: &str| suits(&serde_json::from_str(text).unwrap()).map_err(|error| error.to_string());
        let spec = |process: &str, namespace: &str| {
            format!("{{\"ociVersion\": \"1.0.0\", \"process\": {{\"cwd\": \"/\", \"user\": {{\"uid\": 0, \"gid\": 0}}, {process}}},
                \"linux\": {{\"namespaces\": [{namespace}]}}}}")
        };
        assert_eq!(refused(&spec("\"args\": [\"a\"]", "{\"type\": \"pid\"}")), Ok(()));
        for (process, namespace) in [
            ("\"terminal\": true", "{\"type\": \"pid\"}"),
            ("\"args\": []", "{\"type\": \"user\"}"),
            ("\"args\": []", "{\"type\": \"network\", \"path\": \"/run/netns/a\"}"),
        ] {
            assert!(refused(&spec(process, namespace)).is_err(), "{process} {namespace}");
        }
    }
}
