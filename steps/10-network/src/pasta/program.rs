//! Where pasta is, and what it can do.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use process::{Error, Result, code};

/// Where distributions put programs that are not for people.
const FURTHER: &str = "/usr/local/libexec/podman:/usr/libexec/podman:/usr/local/lib/podman:/usr/lib/podman:/usr/bin";

/// A pasta that is installed.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its file.
    pub path: PathBuf,
    /// Whether it can show the host at an address of its own (`--map-guest-addr`, since August 2024).
    pub maps_guest: bool,
}

/// Looks for it in PATH and where Podman looks, once.
///
/// # Errors
/// When it is not installed: what to install, and what goes without it.
pub(crate) fn find() -> Result<&'static Program> {
    static FOUND: OnceLock<Option<Program>> = OnceLock::new();
    FOUND.get_or_init(Program::look).as_ref().ok_or_else(|| {
        let text = "could not find pasta, the network namespace can't be configured";
        let install = process::prerequisite::hint("pasta");
        Error::because(text, "executable file not found in $PATH")
            .hint(format!("{install}; --network none and --network host work without it"))
            .code(code::NO_PASTA)
    })
}

impl Program {
    fn look() -> Option<Program> {
        let path = env::var("PATH").unwrap_or_default();
        let places = env::split_paths(&path).chain(env::split_paths(FURTHER));
        let path = places.map(|dir| dir.join("pasta")).find(|path| executable(path))?;
        // Its release has no number, and to ask for it would cost a process; its options are words in its file.
        let maps_guest = fs::read(&path).is_ok_and(|words| contains(&words, b"map-guest-addr"));
        Some(Program { path, maps_guest })
    }
}

fn executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether `word` is somewhere in `bytes`.
fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}
