//! This program again, with another verb: what forks or enters a namespace is never done by a process with threads.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use hyper::StatusCode;
use tokio::process::Command;

use crate::answer::Failure;

/// What systemd said to the service, and to nobody else.
const OURS: [&str; 5] = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "INVOCATION_ID"];

/// How to start it.
pub(crate) struct Program {
    root: PathBuf,
}

impl Program {
    pub(crate) fn new(root: PathBuf) -> Program {
        Program { root }
    }

    /// The command for a verb; words that came from a client stand after `--` or in one word with their flag.
    pub(crate) fn command(&self, verb: &[&str]) -> Command {
        let mut command = Command::new("/proc/self/exe");
        command.arg0("podling").args(verb);
        command.arg("--root").arg(&self.root);
        for name in OURS {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a verb to its end and returns what it writes.
    pub(crate) async fn run(&self, verb: &[&str], words: &[impl AsRef<OsStr>]) -> Result<String, Failure> {
        let output = self.output(verb, words).await?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(failure(&output)),
        }
    }

    /// The same, whatever its exit status.
    pub(crate) async fn output(&self, verb: &[&str], words: &[impl AsRef<OsStr>]) -> Result<Output, Failure> {
        let failed = |error| Failure::because(StatusCode::INTERNAL_SERVER_ERROR, "start podling", error);
        self.command(verb).args(words).output().await.map_err(failed)
    }
}

/// What the program has said before it failed.
pub(crate) fn failure(output: &Output) -> Failure {
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, said(&output.stderr))
}

/// The error in what a program wrote to standard error, without its `Error: `.
pub(crate) fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let text = text.trim_end();
    match text.find("Error: ") {
        Some(at) => text[at + "Error: ".len()..].to_string(),
        None if text.is_empty() => "podling has failed and said nothing".to_string(),
        None => text.to_string(),
    }
}
