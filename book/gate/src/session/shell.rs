//! One bash for a whole session, fed one command at a time, so that `cd` and variables last.

use std::io::{self, BufRead, BufReader, PipeReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use support::World;

/// How long one command may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Ends the output of a command; followed by its status.
const END: &str = "@@end of command@@";

/// A running shell.
pub struct Shell {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Vec<u8>>,
}

impl Shell {
    /// Starts one in the home of `world`, as its user, with the world's `bin` first in the PATH.
    pub fn start(world: &World) -> io::Result<Shell> {
        let (reader, writer) = io::pipe()?;
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", world.root().join("bin").display());
        let mut child = world
            .process(Path::new("/bin/bash"))
            .args(["--noprofile", "--norc"])
            .env("PATH", path)
            .env("HISTFILE", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .spawn()?;
        let Some(stdin) = child.stdin.take() else { return Err(io::Error::other("no standard input")) };
        Ok(Shell { child, stdin, lines: read(reader) })
    }

    /// Executes a command: all that it printed, and its status.
    ///
    /// # Errors
    /// When it does not end, or ends the shell.
    pub fn execute(&mut self, command: &str) -> Result<(String, i32), String> {
        // Not the shell's own standard input, from which a program would read the commands that follow.
        let quoted = command.replace('\'', r"'\''");
        let line = format!("eval '{quoted}' </dev/null\nprintf '\\n%s %d\\n' '{END}' \"$?\"\n");
        self.stdin.write_all(line.as_bytes()).map_err(|error| format!("the shell has ended: {error}"))?;
        let deadline = Instant::now() + PATIENCE;
        let mut output = Vec::new();
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let text = String::from_utf8_lossy(&line);
                    if let Some(status) = text.strip_prefix(END) {
                        // The newline in front of the mark.
                        output.pop();
                        let output = String::from_utf8_lossy(&output).into_owned();
                        return Ok((output, status.trim().parse().unwrap_or(-1)));
                    }
                    output.extend(line);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.kill();
                    let output = String::from_utf8_lossy(&output);
                    return Err(format!("it did not end within {} s; it printed:\n{output}", PATIENCE.as_secs()));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("it ended the shell; it printed:\n{}", String::from_utf8_lossy(&output)));
                }
            }
        }
    }

    /// Ends the shell and what it left running.
    pub fn end(mut self) {
        let _ = self.execute("kill $(jobs -p) 2>/dev/null; wait");
        let Shell { mut child, stdin, .. } = self;
        drop(stdin);
        let _ = child.wait();
    }

    fn kill(&mut self) {
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

/// The shell's output by lines, from a thread of its own, so that waiting can have an end.
fn read(reader: PipeReader) -> Receiver<Vec<u8>> {
    let (send, lines) = channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        loop {
            let mut line = Vec::new();
            match reader.read_until(b'\n', &mut line) {
                Ok(1..) if send.send(line).is_ok() => {}
                _ => break,
            }
        }
    });
    lines
}
