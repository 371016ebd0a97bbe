//! A session, executed: what its commands print now, beside what the file says.

use std::path::Path;

use similar::TextDiff;
use support::World;

use super::file::{Command, Line, Session, ambiguous};
use super::redact::Redactions;
use super::shell::Shell;
use super::sources::provide;
use crate::Finding;

/// What came of a session.
pub struct Outcome {
    /// The session with what its commands print now.
    pub now: Session,
    /// Commands that printed something else than the file says, each with a diff.
    pub findings: Vec<Finding>,
}

/// Executes a session of the book in `book`, as the unprivileged user, in a fresh world.
///
/// # Errors
/// When it cannot be executed to its end.
pub fn run(book: &Path, path: &Path, session: Session) -> Result<Outcome, Finding> {
    let world = World::new();
    let bin = world.root().join("bin");
    let wrong = |line: usize, what: String, hint: &str| Finding::new(path, line, what, hint);
    let needs: Vec<String> = session
        .lines
        .iter()
        .filter_map(|line| if let Line::Needs(programs) = line { Some(programs) } else { None })
        .flatten()
        .cloned()
        .collect();
    provide(book, &bin, &needs).map_err(|missing| wrong(0, missing, "then execute the session again"))?;
    if needs.iter().any(|name| name == "busybox") {
        support::busybox_rootfs(&world.root().join("home/rootfs"));
        let archive = support::busybox_archive(&world);
        std::fs::rename(&archive, world.root().join("home/busybox.tar"))
            .map_err(|error| wrong(0, format!("busybox.tar: {error}"), "look at the temporary directory"))?;
    }
    let mut redactions = Redactions::of(world.root());
    let mut shell = Shell::start(&world).map_err(|error| wrong(0, format!("bash: {error}"), "install bash"))?;
    let mut outcome = Outcome { now: Session::default(), findings: Vec::new() };
    for line in session.lines {
        let line = match line {
            Line::Setup(command) => {
                let hint = "mend the line; `% setup` has to succeed";
                let result = shell.execute(&command).map_err(|what| wrong(0, format!("{command}: {what}"), hint))?;
                if result.1 != 0 {
                    shell.end();
                    return Err(wrong(0, format!("{command}: exit status {}\n{}", result.1, result.0), hint));
                }
                Line::Setup(command)
            }
            Line::Redact(regex, with) => {
                redactions.add(regex.clone(), &with);
                Line::Redact(regex, with)
            }
            Line::Command(command) => {
                let (output, status) = shell
                    .execute(&command.typed)
                    .map_err(|what| wrong(command.line, format!("{}: {what}", command.typed), "shorten the session"))?;
                let output = redactions.apply(&output).trim_end().to_string();
                let now = Command { line: command.line, typed: command.typed.clone(), output, status };
                if let Some(line) = ambiguous(&now.output) {
                    let what = format!("the output has the line {line:?}, which a session file cannot hold");
                    outcome.findings.push(wrong(command.line, what, "redact it, or print less"));
                }
                if now != command {
                    outcome.findings.push(differs(path, &command, &now));
                }
                Line::Command(now)
            }
            line => line,
        };
        outcome.now.lines.push(line);
    }
    shell.end();
    Ok(outcome)
}

fn differs(path: &Path, expected: &Command, now: &Command) -> Finding {
    let (line, typed) = (expected.line, &expected.typed);
    let (expected, now) = (expected.to_string(), now.to_string());
    let diff = TextDiff::from_lines(&expected, &now).unified_diff().header("the book", "this machine").to_string();
    let hint = format!(
        "mend the program, or when the new output is right: scripts/book sessions --update {}\n{diff}",
        path.file_stem().unwrap_or_default().to_string_lossy()
    );
    Finding::new(path, line, format!("`{typed}` prints something else"), hint)
}
