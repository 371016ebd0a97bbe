//! A session file, read and written.

use std::fmt;
use std::path::Path;

use regex::Regex;

use crate::Finding;

/// A session: its lines in order.
#[derive(Debug, Default)]
pub struct Session {
    /// The lines; an output belongs to its command.
    pub lines: Vec<Line>,
}

/// A line of a session, or a command with its output.
#[derive(Debug)]
pub enum Line {
    /// An end of an anchor, a comment or a blank line: kept as it is.
    Text(String),
    /// `% needs PROGRAM...`
    Needs(Vec<String>),
    /// `% setup COMMAND`: executed, not shown.
    Setup(String),
    /// `% redact /REGEX/ => TEXT`: for all that follows.
    Redact(Regex, String),
    /// `$ COMMAND` and what it printed.
    Command(Command),
}

/// A command that the reader sees.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its line in the file, from 1.
    pub line: usize,
    /// What is typed, further lines after a `\` included.
    pub typed: String,
    /// What it prints, redacted, without the last newline.
    pub output: String,
    /// Its exit status.
    pub status: i32,
}

impl Session {
    /// Reads a session file.
    ///
    /// # Errors
    /// At the first line that cannot be understood.
    pub fn parse(path: &Path, text: &str) -> Result<Session, Finding> {
        let mut lines = Vec::new();
        let mut rest = text.lines().enumerate().peekable();
        while let Some((number, line)) = rest.next() {
            let wrong = |what: &str, hint: &str| Finding::new(path, number + 1, what, hint);
            if let Some(typed) = line.strip_prefix("$ ") {
                let mut command = Command { line: number + 1, typed: typed.into(), ..Command::default() };
                while command.typed.ends_with('\\') {
                    let Some(more) = rest.next_if(|(_, line)| line.starts_with("> ")) else { break };
                    command.typed.push('\n');
                    command.typed.push_str(&more.1[2..]);
                }
                let mut output = Vec::new();
                while let Some((_, line)) = rest.next_if(|(_, line)| !is_directive(line)) {
                    output.push(line);
                }
                let blank = output.iter().rev().take_while(|line| line.trim().is_empty()).count();
                output.truncate(output.len() - blank);
                if let Some(status) = output.last().and_then(|line| exit_line(line)) {
                    command.status = status;
                    output.pop();
                }
                command.output = output.join("\n");
                lines.push(Line::Command(command));
                lines.extend((0..blank).map(|_| Line::Text(String::new())));
            } else if let Some(directive) = line.strip_prefix("% ") {
                lines.push(directive_line(directive).map_err(|what| {
                    wrong(&what, "write `% needs PROGRAM...`, `% setup COMMAND` or `% redact /REGEX/ => TEXT`")
                })?);
            } else if line.starts_with('#') || line.trim().is_empty() {
                lines.push(Line::Text(line.into()));
            } else {
                return Err(wrong("output without a command above it", "begin commands with `$ `, comments with `#`"));
            }
        }
        Ok(Session { lines })
    }
}

/// Where an output ends.
fn is_directive(line: &str) -> bool {
    line.starts_with("$ ") || line.starts_with("% ") || line.starts_with("# ANCHOR")
}

/// A line that would be read as something else when the output is read back.
pub fn ambiguous(output: &str) -> Option<&str> {
    output.lines().find(|line| is_directive(line) || exit_line(line).is_some())
}

fn exit_line(line: &str) -> Option<i32> {
    line.strip_prefix("[exit ")?.strip_suffix(']')?.parse().ok()
}

fn directive_line(directive: &str) -> Result<Line, String> {
    let (verb, rest) = directive.split_once(' ').unwrap_or((directive, ""));
    match verb {
        "needs" => Ok(Line::Needs(rest.split_whitespace().map(str::to_owned).collect())),
        "setup" => Ok(Line::Setup(rest.into())),
        "redact" => {
            let (pattern, with) = rest.split_once(" => ").ok_or("a redaction without ` => `")?;
            let pattern = pattern
                .strip_prefix('/')
                .and_then(|pattern| pattern.strip_suffix('/'))
                .ok_or("a redaction whose expression is not between slashes")?;
            let regex = Regex::new(&format!("(?m){pattern}")).map_err(|error| format!("not an expression: {error}"))?;
            Ok(Line::Redact(regex, with.into()))
        }
        _ => Err(format!("`% {verb}` is unknown")),
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match line {
                Line::Text(text) => writeln!(f, "{text}")?,
                Line::Needs(programs) => writeln!(f, "% needs {}", programs.join(" "))?,
                Line::Setup(command) => writeln!(f, "% setup {command}")?,
                Line::Redact(regex, with) => {
                    writeln!(f, "% redact /{}/ => {with}", regex.as_str().trim_start_matches("(?m)"))?;
                }
                Line::Command(command) => write!(f, "{command}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}", self.typed.replace('\n', "\n> "))?;
        if !self.output.is_empty() {
            writeln!(f, "{}", self.output)?;
        }
        if self.status != 0 {
            writeln!(f, "[exit {}]", self.status)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "% needs sh\n% redact /pid \\d+/ => pid N\n# ANCHOR: a\n$ echo 1 \\\n> 2\n1 2\n\n3\n$ false\n[exit 1]\n# ANCHOR_END: a\n";

    #[test]
    fn what_is_read_is_written() {
        let session = Session::parse(Path::new("x.console"), TEXT).unwrap();
        assert_eq!(session.to_string(), TEXT);
        let commands: Vec<_> = session
            .lines
            .iter()
            .filter_map(|line| if let Line::Command(command) = line { Some(command) } else { None })
            .collect();
        assert_eq!(commands[0].typed, "echo 1 \\\n2");
        assert_eq!(commands[0].output, "1 2\n\n3");
        assert_eq!((commands[1].status, commands[1].line), (1, 9));
    }

    #[test]
    fn nonsense_is_refused_with_its_line() {
        let refuse = |text| Session::parse(Path::new("x.console"), text).unwrap_err().to_string();
        assert!(refuse("# x\nhello\n").starts_with("x.console:2: output without a command"));
        assert!(refuse("% install x\n").contains("`% install` is unknown"));
        assert!(refuse("% redact x => y\n").contains("slashes"));
    }
}
