//! What to execute.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::stat::stat;
use nix::unistd::{AccessFlags, access, chdir, getcwd};

use crate::code;
use crate::error::{EXIT_CANNOT_EXECUTE, EXIT_NOT_FOUND};
use crate::{Error, Result, kernel};

/// Where a program is looked for when its environment has no PATH (as execvp(3)).
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program, its arguments and its surroundings.
#[derive(Default)]
pub struct Program {
    /// The name it is looked up by, and its arguments. Never empty when it is run.
    pub args: Vec<OsString>,
    /// `NAME=value` each; `None` is the environment of the caller.
    pub env: Option<Vec<OsString>>,
    /// Where it starts; `None` is where the child is after its set-up.
    pub cwd: Option<PathBuf>,
    /// Opens the file to execute, in the child and after its set-up, instead of looking `args[0]` up.
    pub file: Option<fn() -> Result<OwnedFd>>,
}

impl Program {
    /// A program with the caller's environment and directory.
    #[must_use]
    pub fn new(args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Program { args: args.into_iter().map(Into::into).collect(), ..Program::default() }
    }

    /// Replaces this process by the program, whose file has been [placed](Program::place). Returns only when that failed: 127
    /// when there is no such program, 126 when it cannot be executed.
    ///
    /// # Errors
    /// Always, when it returns.
    // ANCHOR: exec
    pub(crate) fn exec(&self, path: Option<&CStr>) -> Result<std::convert::Infallible> {
        let args = strings(&self.args)?;
        let env = match &self.env {
            Some(env) => strings(env)?,
            None => strings(&inherited())?,
        };
        let errno = match (self.file, path) {
            (Some(open), _) => kernel::exec_file(open()?.as_fd(), &args, &env),
            (None, Some(path)) => kernel::exec_path(path, &args, &env),
            (None, None) => Errno::ENOENT,
        };
        Err(failed(self.name()?, errno))
    }
    // ANCHOR_END: exec

    /// Changes to its directory and looks it up there; there is no path when it is opened by what [`Program::file`] says.
    pub(crate) fn place(&self) -> Result<Option<CString>> {
        let name = self.name()?;
        self.enter()?;
        if self.file.is_some() { Ok(None) } else { self.find(name).map(Some) }
    }

    /// Whether it can be executed, as far as that can be known before.
    pub(crate) fn check(&self, path: &CStr) -> Result<()> {
        let failed = |errno| Error::os(format!("execute {}", self.args[0].display()), errno).exit(EXIT_CANNOT_EXECUTE);
        access(path, AccessFlags::X_OK).map_err(failed)
    }

    fn name(&self) -> Result<&OsStr> {
        self.args
            .first()
            .map(OsString::as_os_str)
            .ok_or_else(|| Error::new("no command specified").code(code::NO_COMMAND))
    }

    fn enter(&self) -> Result<()> {
        let Some(cwd) = &self.cwd else { return Ok(()) };
        chdir(cwd).map_err(|errno| {
            Error::os(format!("change to directory {}", cwd.display()), errno).exit(EXIT_CANNOT_EXECUTE)
        })?;
        inside()
    }

    /// The path to execute: the name itself when it has a slash, else the first executable file of that name
    /// in PATH.
    fn find(&self, name: &OsStr) -> Result<CString> {
        let missing = || {
            Error::new(format!("executable file {:?} not found in $PATH", name.display().to_string()))
                .exit(EXIT_NOT_FOUND)
                .code(code::NO_PROGRAM)
        };
        if name.as_bytes().contains(&b'/') {
            return match stat(name) {
                Ok(_) => string(name),
                Err(errno @ (Errno::ENOENT | Errno::ENOTDIR)) => {
                    Err(failed(name, errno).exit(EXIT_NOT_FOUND).code(code::NO_PROGRAM))
                }
                Err(errno) => Err(failed(name, errno)),
            };
        }
        if name.is_empty() {
            return Err(missing());
        }
        let mut denied = None;
        for directory in self.path().as_bytes().split(|byte| *byte == b':') {
            let directory = if directory.is_empty() { b"." } else { directory };
            let path = PathBuf::from(OsStr::from_bytes(directory)).join(name);
            let Ok(found) = stat(&path) else { continue };
            let regular = found.st_mode & libc::S_IFMT == libc::S_IFREG;
            match access(&path, AccessFlags::X_OK) {
                Ok(()) if regular => return string(path.as_os_str()),
                Err(errno) if regular => denied = denied.or(Some((path, errno))),
                _ => {}
            }
        }
        match denied {
            Some((path, errno)) => Err(failed(path.as_os_str(), errno)),
            None => Err(missing()),
        }
    }

    fn path(&self) -> OsString {
        let found = match &self.env {
            Some(env) => env.iter().find_map(|pair| pair.as_bytes().strip_prefix(b"PATH=").map(<[u8]>::to_vec)),
            None => std::env::var_os("PATH").map(OsString::into_vec),
        };
        found.map_or_else(|| DEFAULT_PATH.into(), OsString::from_vec)
    }
}

fn failed(name: &OsStr, errno: Errno) -> Error {
    let error = Error::os(format!("execute {}", name.display()), errno).exit(EXIT_CANNOT_EXECUTE);
    match errno {
        // Of a file that is there: its interpreter is not.
        Errno::ENOENT => error.code(code::NO_PROGRAM),
        Errno::EACCES | Errno::EISDIR => error.code(code::NOT_EXECUTABLE),
        Errno::ENOEXEC => error.code(code::WRONG_ARCHITECTURE),
        _ => error,
    }
}

/// Whether the working directory is below the root: a descriptor that leaked from outside would make `..` lead
/// out of a container (CVE-2024-21626).
fn inside() -> Result<()> {
    match getcwd() {
        Ok(path) if path.is_absolute() => Ok(()),
        Ok(path) => {
            Err(Error::new(format!("the working directory is outside of the root: {}", path.display()))
                .code(code::OUTSIDE))
        }
        // The kernel itself never says so: a filter of system calls does, and nothing that could lead out is open any more.
        Err(Errno::EPERM | Errno::ENOSYS) => Ok(()),
        Err(errno) => Err(Error::os("look where the working directory is", errno)),
    }
    .map_err(|error| error.exit(EXIT_CANNOT_EXECUTE))
}

fn inherited() -> Vec<OsString> {
    std::env::vars_os()
        .map(|(mut name, value)| {
            name.push("=");
            name.push(value);
            name
        })
        .collect()
}

fn strings(list: &[OsString]) -> Result<Vec<CString>> {
    list.iter().map(|text| string(text)).collect()
}

fn string(text: &OsStr) -> Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| {
        Error::new(format!("{:?} has a zero byte in it", text.display().to_string())).code(code::BAD_VALUE)
    })
}
