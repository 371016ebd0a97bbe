//! Another OCI runtime in the place of ours: `--runtime`. It is a program that is started for each thing that it is to do,
//! and says what went wrong in a file.

mod choice;

use std::fs::{self, DirBuilder};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::Pid;
use process::console::{self, Console};
use process::error::{EXIT_CANNOT_EXECUTE, EXIT_NOT_FOUND};
use process::{Error, Result, code};
use serde_json::Value;

pub use choice::{chosen, set_runtime};

use crate::{Engine, Record};

/// Of a container's directory, what another runtime has.
pub(crate) const DIRECTORY: &str = "runtime";

/// The runtime of a container, and what it has for it.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    program: PathBuf,
    id: String,
    /// Its state, its errors and the bundle; a part of the container's directory.
    directory: PathBuf,
    /// Where sockets may have a short name.
    memory: PathBuf,
}

/// The standard descriptors of a process that it makes.
pub(crate) enum Ends<'a> {
    /// A terminal.
    Terminal(&'a Console),
    /// These.
    Pipes([OwnedFd; 3]),
    /// Ours.
    Same,
    /// Nobody is there to type or to read.
    Nowhere,
}

impl Foreign {
    /// That of a container; `None` when it is ours.
    pub(crate) fn of(engine: &Engine, record: &Record) -> Option<Foreign> {
        let program = record.options.runtime.clone()?;
        let directory = engine.state().container(&record.id).join(DIRECTORY);
        Some(Foreign { program, id: record.id.clone(), directory, memory: engine.state().root().join("merged") })
    }

    /// What is its own of the container's directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        name(&self.program)
    }

    /// Whether it has been asked to make the container.
    pub(crate) fn is_there(&self) -> bool {
        self.directory.join("state").exists()
    }

    /// The container's document.
    pub(crate) fn document(&self) -> PathBuf {
        self.directory.join("config.json")
    }

    /// Makes the container of this document, and returns its first process, which is ours to wait for when we are a
    /// subreaper.
    ///
    /// # Errors
    /// What it says; nothing of the container is left then.
    // ANCHOR: create
    pub(crate) fn create(&self, document: &Value, ends: Ends<'_>, has_cgroup: bool) -> Result<Pid> {
        // A leftover of an earlier life.
        let _ = fs::remove_dir_all(&self.directory);
        DirBuilder::new()
            .mode(0o700)
            .create(&self.directory)
            .map_err(|error| failed("create", &self.directory, error))?;
        write(&self.document(), document)?;
        let mut command = self.command();
        // What it would look for is not there, and not needed (crun).
        if !has_cgroup && self.name() == "crun" {
            command.arg("--cgroup-manager=disabled");
        }
        command.arg("create").arg("--bundle").arg(&self.directory);
        self.born("create", command, &self.directory.join("pid"), ends)
    }
    // ANCHOR_END: create

    /// Another process in it, of this part of a document; as [`Foreign::create`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn exec(&self, process: &Value, ends: Ends<'_>) -> Result<Pid> {
        let file = |what: &str| self.directory.join(format!("{what}-{}", std::process::id()));
        let (document, pid) = (file("process.json"), file("pid"));
        write(&document, process)?;
        let mut command = self.command();
        command.arg("exec").arg("--detach").arg("--process").arg(&document);
        let born = self.born("exec", command, &pid, ends);
        let _ = fs::remove_file(document);
        let _ = fs::remove_file(pid);
        born
    }

    /// Gives the word to begin.
    ///
    /// # Errors
    /// What it says.
    pub(crate) fn start(&self) -> Result<()> {
        self.verb(&["start", &self.id])
    }

    /// Sends the first process a signal.
    ///
    /// # Errors
    /// What it says.
    pub(crate) fn kill(&self, number: u32) -> Result<()> {
        self.verb(&["kill", &self.id, &number.to_string()])
    }

    /// Lets all processes stand still, or go on.
    ///
    /// # Errors
    /// What it says.
    pub(crate) fn freeze(&self, freeze: bool) -> Result<()> {
        self.verb(&[if freeze { "pause" } else { "resume" }, &self.id])
    }

    /// Removes all that it has of the container.
    ///
    /// # Errors
    /// What it says.
    pub(crate) fn delete(&self) -> Result<()> {
        self.verb(&["delete", "--force", &self.id])
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(self.directory.join("state"));
        command.arg("--log").arg(self.log()).args(["--log-format", "json"]);
        // Those are for us.
        command.env_remove("NOTIFY_SOCKET").env_remove("LISTEN_FDS").env_remove("LISTEN_PID");
        command
    }

    fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    fn verb(&self, words: &[&str]) -> Result<()> {
        let mut command = self.command();
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.run(words[0], command)
    }

    /// A process that outlives the program which makes it.
    // ANCHOR: born
    fn born(&self, verb: &str, mut command: Command, pid: &Path, ends: Ends<'_>) -> Result<Pid> {
        command.arg("--pid-file").arg(pid);
        match ends {
            Ends::Same => {
                command.arg(&self.id);
                self.run(verb, command)?;
            }
            Ends::Nowhere => {
                command.arg(&self.id).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                self.run(verb, command)?;
            }
            Ends::Pipes(pipes) => {
                let [input, output, errors] = pipes.map(Stdio::from);
                command.arg(&self.id).stdin(input).stdout(output).stderr(errors);
                self.run(verb, command)?;
            }
            Ends::Terminal(terminal) => {
                let path = self.memory.join(format!("console-{}", std::process::id()));
                let listener = UnixListener::bind(&path).map_err(|error| failed("listen at", &path, error))?;
                command.arg("--console-socket").arg(&path).arg(&self.id);
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
                let ran = self.run(verb, command);
                let _ = fs::remove_file(&path);
                ran?;
                // It has connected, and sent, before it ended.
                listener.set_nonblocking(true).map_err(|error| failed("listen at", &path, error))?;
                let (socket, _) = listener.accept().map_err(|error| failed("receive a terminal at", &path, error))?;
                let master = console::receive(&socket.into())?;
                let master = master.ok_or_else(|| {
                    Error::new(format!("{} sent no terminal", self.name())).code(code::RUNTIME_FAILED)
                })?;
                terminal.hand(&master)?;
            }
        }
        let text = fs::read_to_string(pid).map_err(|error| failed("read", pid, error))?;
        let number = text
            .trim()
            .parse()
            .map_err(|error| Error::because(format!("read {}", pid.display()), error).code(code::RUNTIME_FAILED))?;
        Ok(Pid::from_raw(number))
    }
    // ANCHOR_END: born

    /// Runs the program, and waits for it and nobody else.
    fn run(&self, verb: &str, mut command: Command) -> Result<()> {
        let before = fs::metadata(self.log()).map_or(0, |log| log.len());
        let status = command.status().map_err(|error| failed("run the OCI runtime", &self.program, error))?;
        if status.success() {
            return Ok(());
        }
        let said = fs::read(self.log()).unwrap_or_default();
        let said = String::from_utf8_lossy(&said[usize::try_from(before).unwrap_or(0).min(said.len())..]).into_owned();
        Err(answer(self.name(), &words(&said).unwrap_or_else(|| format!("{verb}: {status}"))))
    }
}

/// What a program is called.
pub(crate) fn name(program: &Path) -> &str {
    program.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The last error of a log: a JSON document a line, as all runtimes write them.
fn words(log: &str) -> Option<String> {
    let lines = log.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut errors = lines.filter(|line| matches!(line["level"].as_str(), Some("error" | "fatal")));
    errors.find_map(|line| line["msg"].as_str().map(str::to_owned)).filter(|words| !words.is_empty())
}

/// In Podman's words, by which it tells a person's mistakes.
// ANCHOR: answer
fn answer(name: &str, words: &str) -> Error {
    let small = words.to_lowercase();
    let named = if small.starts_with(&format!("{name}: ")) { words.to_owned() } else { format!("{name}: {words}") };
    let has = |parts: &[&str]| parts.iter().any(|part| small.contains(part));
    if has(&["no such file or directory", "executable file not found"]) {
        return Error::because(named, "OCI runtime attempted to invoke a command that was not found")
            .code(code::NO_PROGRAM)
            .exit(EXIT_NOT_FOUND);
    }
    if has(&["permission denied", "operation not permitted"]) {
        return Error::because(named, "OCI permission denied").code(code::NOT_EXECUTABLE).exit(EXIT_CANNOT_EXECUTE);
    }
    Error::because("OCI runtime error", named).code(code::RUNTIME_FAILED).exit(EXIT_CANNOT_EXECUTE)
}
// ANCHOR_END: answer

fn write(path: &Path, document: &Value) -> Result<()> {
    crate::state::write(path, document.to_string().as_bytes())
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::os(format!("{what} {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_mistake_it_is() {
        for (words, status, told) in [
            (
                "executable file `x` not found in $PATH: No such file or directory",
                127,
                "crun: executable file `x` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found",
            ),
            ("crun: open `/x`: Permission denied", 126, "crun: open `/x`: Permission denied: OCI permission denied"),
            ("unknown version", 126, "OCI runtime error: crun: unknown version"),
        ] {
            let error = answer("crun", words);
            assert_eq!((error.status(), error.to_string().as_str()), (status, told));
        }
    }

    #[test]
    fn the_last_error_of_a_log() {
        let log = "{\"msg\":\"first\",\"level\":\"error\"}\nnothing\n{\"msg\":\"careful\",\"level\":\"warning\"}\n{\"msg\":\"last\",\"level\":\"error\"}\n";
        assert_eq!(words(log).as_deref(), Some("last"));
        assert_eq!(words("crun: plain"), None);
    }
}
