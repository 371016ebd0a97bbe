//! Hooks: programs of others at points of a container's life (runtime-spec, config.md, "POSIX-platform Hooks").

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::{Pid, getpid};
use oci_spec::runtime::Hook;
use process::{Error, Result, Setup, code};
use rustix::fs::{FallocateFlags, fallocate};
use serde_json::Value;

use crate::globals;

/// Runs one after the other; each reads the state on its standard input. `directory` is where they start.
///
/// # Errors
/// The first that fails; those after it are not run.
// ANCHOR: run
pub(crate) fn run(kind: &str, hooks: &[Hook], state: &Value, directory: &Path) -> Result<()> {
    run_with(kind, hooks, state, directory, &[])
}

fn run_with(kind: &str, hooks: &[Hook], state: &Value, directory: &Path, env: &[OsString]) -> Result<()> {
    hooks.iter().try_for_each(|hook| {
        one(hook, state, directory, env).map_err(|error| {
            Error::because(format!("run the {kind} hook {}", hook.path().display()), error).code(code::HOOK_FAILED)
        })
    })
}
// ANCHOR_END: run

/// The same where it is too late for an error: it is told, and the next one is run.
pub(crate) fn run_all(kind: &str, hooks: &[Hook], state: &Value, directory: &Path) {
    for hook in hooks {
        if let Err(error) = run(kind, std::slice::from_ref(hook), state, directory) {
            globals::warn(&error.to_string());
        }
    }
}

/// Hooks that the container's first process runs, in the container.
pub(crate) struct Inside<'a> {
    /// Which.
    pub kind: &'static str,
    /// Their programs.
    pub hooks: &'a [Hook],
    /// What they are told; the number of the process comes from itself.
    pub state: Value,
    /// Where they start.
    pub directory: &'a Path,
    /// The variables of one that names none.
    pub env: &'a [OsString],
}

impl Setup for Inside<'_> {
    fn setup(&self) -> Result<()> {
        if self.hooks.is_empty() {
            return Ok(());
        }
        let mut state = self.state.clone();
        // As the hooks see it.
        state["pid"] = getpid().as_raw().into();
        run_with(self.kind, self.hooks, &state, self.directory, self.env)
    }
}

fn one(hook: &Hook, state: &Value, directory: &Path, env: &[OsString]) -> Result<()> {
    if !hook.path().is_absolute() {
        return Err(Error::new("its path is not absolute").code(code::HOOK_FAILED));
    }
    let args = hook.args().as_deref().unwrap_or_default();
    let failed = |error: std::io::Error| Error::os("start it", error);
    // In files and not in pipes: who does not read, or writes a lot, cannot make us wait.
    let (mut input, mut output) = (memory()?, memory()?);
    input.write_all(state.to_string().as_bytes()).and_then(|()| input.rewind()).map_err(failed)?;
    let mut command = Command::new(hook.path());
    command.args(args.get(1..).unwrap_or_default()).current_dir(directory).process_group(0).env_clear();
    if let Some(name) = args.first() {
        command.arg0(name);
    }
    // No variables but those that are given: none of the caller's.
    match hook.env() {
        Some(own) => command.envs(own.iter().filter_map(|pair| pair.split_once('='))),
        None => command.envs(env.iter().filter_map(|pair| pair.to_str()?.split_once('='))),
    };
    let copy = || output.try_clone().map(Stdio::from).map_err(failed);
    command.stdin(Stdio::from(input)).stdout(copy()?).stderr(copy()?);
    let child = command.spawn().map_err(failed)?;
    let timeout = hook.timeout().and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    match wait(child, timeout, &output)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => {
            Err(Error::new(format!("it ended with {}{}", said(status), words(&mut output))).code(code::HOOK_FAILED))
        }
        None => Err(Error::new(format!("it did not end in {} s", timeout.unwrap_or_default().as_secs()))
            .code(code::HOOK_FAILED)),
    }
}

fn memory() -> Result<File> {
    memfd_create("hook", MFdFlags::MFD_CLOEXEC)
        .map(File::from)
        .map_err(|errno| Error::os("make a file in memory", errno))
}

/// Its status; `None` when it took too long, and is no more.
fn wait(mut child: Child, timeout: Option<Duration>, output: &File) -> Result<Option<ExitStatus>> {
    let failed = |error| Error::os("wait for it", error);
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(Some(status));
        }
        forget(output);
        if end.is_some_and(|end| Instant::now() >= end) {
            // With all that it has started.
            let group = Pid::from_raw(child.id().cast_signed());
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
            return child.wait().map(|_| None).map_err(failed);
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Gives the memory back of what it wrote, all but the beginning, which may say why it fails: somebody may write for ever.
// ANCHOR: forget
fn forget(output: &File) {
    const KEPT: u64 = 4096;
    let Ok(found) = output.metadata() else { return };
    // In units of 512 bytes (stat(2)).
    if found.blocks() * 512 > 16 * KEPT {
        let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let _ = fallocate(output, hole, KEPT, found.len().saturating_sub(KEPT));
    }
}
// ANCHOR_END: forget

fn said(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => format!("signal {}", status.signal().unwrap_or(0)),
    }
}

/// What it wrote, the beginning of it.
fn words(output: &mut File) -> String {
    let mut bytes = Vec::new();
    let _ = output.seek(SeekFrom::Start(0)).and_then(|_| output.take(1024).read_to_end(&mut bytes));
    match String::from_utf8_lossy(&bytes).trim() {
        "" => String::new(),
        text => format!(": {text}"),
    }
}
