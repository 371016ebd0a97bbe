//! Unit files: groups of keys and values, as systemd reads them (systemd.syntax(7)).

mod lookup;
pub mod words;

use std::fmt;
use std::path::{Path, PathBuf};

use process::{Error, Result, code};

/// A unit file. What it does not understand it keeps, comments too, in the order in which it stands there; several groups
/// of one name become one.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    /// Where it was read from.
    pub path: PathBuf,
    groups: Vec<Group>,
}

#[derive(Debug, Clone, Default)]
struct Group {
    name: String,
    /// What stands before its heading.
    comments: Vec<String>,
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
enum Line {
    Comment(String),
    Key(String, String),
}

impl Line {
    fn value(&self, wanted: &str) -> Option<&str> {
        match self {
            Line::Key(key, value) if key == wanted => Some(value),
            _ => None,
        }
    }
}

impl Unit {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or a line of it is neither a heading, nor `KEY=VALUE`, nor a comment.
    pub fn read(path: &Path) -> Result<Unit> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::os(format!("open {}", path.display()), error))?;
        let unit = Unit::parse(&text)
            .map_err(|error| Error::because(format!("error loading {path:?}"), error).code(code::BAD_UNIT))?;
        Ok(Unit { path: path.to_path_buf(), ..unit })
    }

    /// Reads text. A backslash at the end of a line joins it with the next one that is not a comment.
    ///
    /// # Errors
    /// As [`Unit::read`].
    pub fn parse(text: &str) -> Result<Unit> {
        let mut unit = Unit::default();
        let mut group = None;
        let mut comments = Vec::new();
        let mut joined = String::new();
        let count = text.strip_suffix('\n').unwrap_or(text).split('\n').count();
        for (number, line) in (1..).zip(text.split('\n').take(count)) {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                if joined.is_empty() {
                    comments.push(line.to_string());
                }
                continue;
            }
            let (line, more) = line.strip_suffix('\\').map_or((line, false), |line| (line, number < count));
            joined += line;
            if more {
                continue;
            }
            let line = std::mem::take(&mut joined);
            if let Some(name) = heading(&line)? {
                // One empty line between groups is written anyway.
                let skip = usize::from(comments.first().is_some_and(String::is_empty));
                let at = unit.ensure(name);
                unit.groups[at].comments.extend(comments.drain(..).skip(skip));
                group = Some(at);
            } else if let Some((key, value)) = line.split_once('=').filter(|(key, _)| !key.trim_end().is_empty()) {
                let at =
                    group.ok_or_else(|| Error::new("key file does not start with a group").code(code::BAD_UNIT))?;
                let lines = &mut unit.groups[at].lines;
                lines.extend(comments.drain(..).map(Line::Comment));
                lines.push(Line::Key(key.trim_end().to_string(), value.trim_start().to_string()));
            } else {
                let what = "which is not a key-value pair, group, or comment";
                return Err(Error::new(format!("file contains line {number}: “{line}” {what}")).code(code::BAD_UNIT));
            }
        }
        let at = group.unwrap_or_else(|| unit.ensure(""));
        unit.groups[at].lines.extend(comments.into_iter().map(Line::Comment));
        Ok(unit)
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Adds what another file says, after what is here: drop-ins.
    pub fn merge(&mut self, other: &Unit) {
        for group in &other.groups {
            let at = self.ensure(&group.name);
            self.groups[at].comments.extend_from_slice(&group.comments);
            self.groups[at].lines.extend_from_slice(&group.lines);
        }
    }

    /// Adds a line at the end of a group, which is made when there is none.
    pub fn add(&mut self, group: &str, key: &str, value: impl Into<String>) {
        let at = self.ensure(group);
        self.groups[at].lines.push(Line::Key(key.to_string(), value.into()));
    }

    /// Adds a line at the beginning of a group: what is said later in the file counts more.
    pub fn prepend(&mut self, group: &str, key: &str, value: &str) {
        let at = self.ensure(group);
        self.groups[at].lines.insert(0, Line::Key(key.to_string(), value.to_string()));
    }

    /// Changes the last line with this key, or adds one.
    pub fn set(&mut self, group: &str, key: &str, value: &str) {
        let at = self.ensure(group);
        let lines = &mut self.groups[at].lines;
        match lines.iter_mut().rev().find(|line| line.value(key).is_some()) {
            Some(line) => *line = Line::Key(key.to_string(), value.to_string()),
            None => lines.push(Line::Key(key.to_string(), value.to_string())),
        }
    }

    /// Takes all lines with this key away.
    pub fn unset(&mut self, group: &str, key: &str) {
        if let Some(group) = self.groups.iter_mut().find(|known| known.name == group) {
            group.lines.retain(|line| line.value(key).is_none());
        }
    }

    /// Gives a group another name; when there is one of that name, it takes the lines.
    pub fn rename(&mut self, group: &str, name: &str) {
        let Some(at) = self.groups.iter().position(|known| known.name == group) else { return };
        match self.groups.iter().position(|known| known.name == name) {
            None => self.groups[at].name = name.to_string(),
            Some(to) if to == at => {}
            Some(to) => {
                let Group { comments, lines, .. } = std::mem::take(&mut self.groups[at]);
                self.groups[to].comments.extend(comments);
                self.groups[to].lines.extend(lines);
                self.groups.remove(at);
            }
        }
    }

    /// Puts a comment before everything.
    pub fn comment(&mut self, lines: &[&str]) {
        if self.groups.is_empty() {
            self.ensure("");
        }
        let comments = lines.iter().map(|line| format!("# {line}").trim_end().to_string());
        self.groups[0].comments.splice(0..0, comments);
    }

    fn ensure(&mut self, name: &str) -> usize {
        self.groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
            self.groups.push(Group { name: name.to_string(), ..Group::default() });
            self.groups.len() - 1
        })
    }

    fn lines(&self, group: &str) -> impl DoubleEndedIterator<Item = &Line> {
        self.groups.iter().filter(move |known| known.name == group).flat_map(|group| &group.lines)
    }
}

/// The name in a line `[NAME]`.
fn heading(line: &str) -> Result<Option<&str>> {
    let Some((name, "")) = line.strip_prefix('[').and_then(|line| line.trim_end().split_once(']')) else {
        return Ok(None);
    };
    if name.is_empty() || name.contains(|c: char| c == '[' || c.is_control()) {
        return Err(Error::new(format!("invalid group name: {name}")).code(code::BAD_UNIT));
    }
    Ok(Some(name))
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, group) in self.groups.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            for comment in &group.comments {
                writeln!(f, "{comment}")?;
            }
            if !group.name.is_empty() {
                writeln!(f, "[{}]", group.name)?;
            }
            for line in &group.lines {
                match line {
                    Line::Comment(comment) => writeln!(f, "{comment}")?,
                    Line::Key(key, value) => writeln!(f, "{key}={value}")?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        let text =
            "# first\n[Unit]\nDescription=A web server\n# about the next\nAfter=a.service\n\n[Install]\nWantedBy=x\n";
        assert_eq!(Unit::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn lines_go_on() {
        let unit = Unit::parse("[A]\nX=one \\\n  # not this\n\n  two\nY = 3\n[B]\n[A]\nX=\\\n").unwrap();
        assert_eq!(unit.to_string(), "[A]\nX=one two\nY=3\nX=\n\n[B]\n");
    }

    #[test]
    fn what_is_no_unit_is_refused() {
        for (text, says) in [
            ("X=1\n", "key file does not start with a group"),
            ("[A]\nnothing\n", "file contains line 2: “nothing” which is not a key-value pair, group, or comment"),
            ("[]\n", "invalid group name: "),
            ("[A]\n=1\n", "file contains line 2: “=1” which is not a key-value pair, group, or comment"),
        ] {
            assert_eq!(Unit::parse(text).unwrap_err().to_string(), says);
        }
    }
}
