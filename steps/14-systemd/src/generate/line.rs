//! The command line that a container was created with, taken apart: which words are flags of `run`, and which are the image
//! and its command.

use clap::{Arg, Command};

/// A flag as it was written: one word or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its long name, or its short one when it has no other; several for `-dit`.
    pub names: Vec<String>,
    /// Its value.
    pub value: Option<String>,
    /// As they stand there.
    pub words: Vec<String>,
}

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// What stands before the verb: `--root DIR`.
    pub before: Vec<String>,
    /// The verb's flags.
    pub flags: Vec<Flag>,
    /// The image and its command.
    pub rest: Vec<String>,
}

impl Line {
    /// Takes `PROGRAM ... run FLAGS IMAGE COMMAND` apart, by the definition of `run`; `None` when there is no such verb.
    // ANCHOR: parse
    #[must_use]
    pub fn parse(words: &[String], definition: &Command) -> Option<Line> {
        let verb = words.iter().skip(1).position(|word| word == "run" || word == "create")? + 1;
        let mut before = words[1..verb].to_vec();
        if before.last().is_some_and(|word| word == "container") {
            before.pop();
        }
        let mut line = Line { before, ..Line::default() };
        let mut words = words[verb + 1..].iter();
        while let Some(word) = words.as_slice().first() {
            if word == "--" || word == "-" || !word.starts_with('-') {
                break;
            }
            words.next();
            let (names, value, next) = flag(word, definition);
            let mut flag = Flag { names, value, words: vec![word.clone()] };
            if next && let Some(value) = words.next() {
                flag.value = Some(value.clone());
                flag.words.push(value.clone());
            }
            line.flags.push(flag);
        }
        line.rest = words.cloned().collect();
        Some(line)
    }
    // ANCHOR_END: parse

    /// The last value of a flag; empty for one that has none.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let flag = self.flags.iter().rev().find(|flag| flag.is(name))?;
        Some(flag.value.as_deref().unwrap_or_default())
    }

    /// All values of a flag.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.flags.iter().filter(move |flag| flag.is(name)).filter_map(|flag| flag.value.as_deref())
    }

    /// Whether a flag without a value is on.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value != "false")
    }

    /// Takes flags away.
    pub fn without(&mut self, names: &[&str]) {
        self.flags.retain(|flag| !names.iter().any(|name| flag.is(name)));
    }
}

impl Flag {
    /// Whether this is one of its names.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

/// Whether a verb has a flag of this name, which is one letter for a short one.
#[must_use]
pub fn knows(definition: &Command, name: &str) -> bool {
    definition
        .get_arguments()
        .any(|arg| is_long(arg, name) || arg.get_short().is_some_and(|short| name == short.to_string()))
}

fn is_long(arg: &Arg, name: &str) -> bool {
    arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
}

/// The names of a flag, the value that is in the same word, and whether the next word is its value.
fn flag(word: &str, definition: &Command) -> (Vec<String>, Option<String>, bool) {
    let takes_value =
        |arg: Option<&Arg>| arg.is_some_and(|arg| arg.get_action().takes_values() && !arg.is_require_equals_set());
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value.to_string())));
        let arg = definition.get_arguments().find(|arg| is_long(arg, name));
        let next = value.is_none() && takes_value(arg);
        let name = arg.and_then(Arg::get_long).unwrap_or(name);
        return (vec![name.to_string()], value, next);
    }
    let mut names = Vec::new();
    let mut letters = word[1..].chars();
    while let Some(letter) = letters.next() {
        let arg = definition.get_arguments().find(|arg| arg.get_short() == Some(letter));
        names.push(arg.and_then(Arg::get_long).map_or(letter.to_string(), str::to_string));
        if takes_value(arg) {
            let rest = letters.as_str();
            let rest = rest.strip_prefix('=').unwrap_or(rest);
            let value = (!rest.is_empty()).then(|| rest.to_string());
            return (names, value.clone(), value.is_none());
        }
    }
    (names, None, false)
}

#[cfg(test)]
mod tests {
    use clap::ArgAction;

    use super::*;

    fn parse(text: &str) -> Option<Line> {
        let switch = |name: &'static str, short| Arg::new(name).long(name).short(short).action(ArgAction::SetTrue);
        let definition = Command::new("run")
            .arg(switch("detach", 'd'))
            .arg(switch("tty", 't'))
            .arg(Arg::new("env").long("env").short('e').action(ArgAction::Append))
            .arg(Arg::new("network").long("network").alias("net"))
            .arg(Arg::new("pull").long("pull").num_args(0..=1).require_equals(true));
        Line::parse(&text.split(' ').map(str::to_string).collect::<Vec<_>>(), &definition)
    }

    #[test]
    fn flags_end_where_the_image_begins() {
        let mut line =
            parse("podling --root run-dir container run -dt -eA=1 -e B --net host --pull img -d run").unwrap();
        assert_eq!(line.before, ["--root", "run-dir"]);
        assert_eq!(line.rest, ["img", "-d", "run"]);
        assert_eq!(line.values("env").collect::<Vec<_>>(), ["A=1", "B"]);
        assert_eq!((line.is_on("detach"), line.is_on("tty"), line.is_on("rm")), (true, true, false));
        assert_eq!((line.value("network"), line.value("pull")), (Some("host"), Some("")));
        line.without(&["network", "env"]);
        let words: Vec<&String> = line.flags.iter().flat_map(|flag| &flag.words).collect();
        assert_eq!(words, ["-dt", "--pull"]);
    }

    #[test]
    fn without_a_verb_there_is_nothing() {
        assert_eq!(parse("/usr/bin/python3 script.py"), None);
    }
}
