//! What `--format` takes: templates of Go's `text/template`, over JSON, with the functions that Podman and docker add.
//!
//! The language is that of <https://pkg.go.dev/text/template>, but for `define`, `template` and `block`. Errors have
//! Go's words and places, so that whoever searches for them finds something. What JSON does not tell is guessed: an
//! object whose keys all begin with a capital is a Go struct, of which a field that is not there is an error; another
//! one is a map, which then has no value.

mod exec;
mod functions;
mod lex;
mod parse;
mod printf;
mod report;
mod show;

use process::{Error, Result, code};
use serde_json::Value;

pub use report::{Headings, is_json, is_table, print, print_json, print_one, print_table};

/// How deep blocks and parentheses may be nested: far more than anybody writes, far less than the stack holds.
const DEPTH: usize = 100;

/// A template that was understood.
#[derive(Debug, Clone)]
pub struct Template {
    name: String,
    text: String,
    nodes: Vec<parse::Node>,
}

impl Template {
    /// Reads one. `\t` and `\n` are what they are in Go's strings only inside of actions; [`print()`] takes those of a
    /// command line as well.
    ///
    /// # Errors
    /// In Go's words, what is wrong and in which line.
    pub fn parse(text: &str) -> Result<Template> {
        Template::named("format", text)
    }

    /// The same, and errors call it `name`: Podman uses the verb.
    ///
    /// # Errors
    /// As [`Template::parse`].
    pub fn named(name: &str, text: &str) -> Result<Template> {
        let nodes = parse::parse(text).map_err(|fault| {
            let line = line(text, fault.at);
            Error::new(format!("template: {name}:{line}: {}", fault.words)).code(code::BAD_TEMPLATE)
        })?;
        Ok(Template { name: name.into(), text: text.into(), nodes })
    }

    /// What it says about `data`.
    ///
    /// # Errors
    /// A field that is not there, a function that cannot take its arguments.
    pub fn render(&self, data: &Value) -> Result<String> {
        self.run(exec::Exec::new(data))
    }

    /// What stands above its columns: every field is its own heading.
    fn render_headings(&self, headings: &Headings) -> Result<String> {
        self.run(exec::Exec::headings(headings))
    }

    fn run(&self, mut exec: exec::Exec<'_>) -> Result<String> {
        match exec.run(&self.nodes) {
            Ok(()) => Ok(exec.out),
            Err(stop) => Err(self.failed(stop)),
        }
    }

    fn failed(&self, stop: exec::Failed) -> Error {
        let before = self.text.get(..stop.at).unwrap_or(&self.text);
        let (line, column) = (line(&self.text, stop.at), before.len() - before.rfind('\n').map_or(0, |end| end + 1));
        let name = &self.name;
        let error = Error::new(format!(
            "template: {name}:{line}:{column}: executing \"{name}\" at <{}>: {}",
            stop.node, stop.words
        ))
        .code(code::BAD_TEMPLATE);
        match stop.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// The line of a place, the first is 1.
fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}
