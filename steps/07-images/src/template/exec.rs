//! Walks a template's tree over data, as Go's `text/template/exec.go`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::functions;
use super::parse::{Branch, Node, Operand, Pipe, What};
use super::report::Headings;
use super::show::{is_struct, is_true, kind, show};

/// A value: part of the data, or made on the way. `Null` is also what Go calls no value.
pub(super) type Val<'a> = Cow<'a, Value>;

/// What went wrong, where, at which operand.
pub(super) struct Failed {
    pub at: usize,
    pub node: String,
    pub words: String,
    pub hint: Option<String>,
}

enum Stop {
    Failed(Box<Failed>),
    Break,
    Continue,
}

pub(super) struct Exec<'a> {
    pub out: String,
    root: Val<'a>,
    /// Innermost last; `$` is first.
    variables: Vec<(String, Val<'a>)>,
    headings: Option<&'a Headings>,
}

impl<'a> Exec<'a> {
    pub fn new(root: &'a Value) -> Exec<'a> {
        let root = Cow::Borrowed(root);
        Exec { out: String::new(), variables: vec![("$".into(), root.clone())], root, headings: None }
    }

    /// Instead of data, every field is its heading.
    pub fn headings(headings: &'a Headings) -> Exec<'a> {
        let root: Val<'a> = Cow::Owned(Value::Object(Map::new()));
        let variables = vec![("$".into(), root.clone())];
        Exec { out: String::new(), variables, root, headings: Some(headings) }
    }

    pub fn run(&mut self, nodes: &[Node]) -> Result<(), Failed> {
        let dot = self.root.clone();
        match self.list(nodes, &dot) {
            Err(Stop::Failed(failed)) => Err(*failed),
            _ => Ok(()),
        }
    }

    fn list(&mut self, nodes: &[Node], dot: &Val<'a>) -> Result<(), Stop> {
        for node in nodes {
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Action(pipe) => {
                    let value = self.pipe(pipe, dot)?;
                    // What goes into a variable is not printed.
                    if pipe.variables.is_empty() {
                        self.out.push_str(&printed(&value));
                    }
                }
                Node::If(branch) | Node::With(branch) => {
                    let known = self.variables.len();
                    let value = self.pipe(&branch.pipe, dot)?;
                    match (is_true(&value), node) {
                        (false, _) => self.list(&branch.otherwise, dot)?,
                        (true, Node::With(_)) => self.list(&branch.body, &value)?,
                        (true, _) => self.list(&branch.body, dot)?,
                    }
                    self.variables.truncate(known);
                }
                Node::Range(branch) => self.range(branch, dot)?,
                Node::Break => return Err(Stop::Break),
                Node::Continue => return Err(Stop::Continue),
            }
        }
        Ok(())
    }

    fn range(&mut self, branch: &Branch, dot: &Val<'a>) -> Result<(), Stop> {
        let known = self.variables.len();
        // Its variables are set for each element, not here.
        let value = self.commands(&branch.pipe, dot)?;
        let elements: Vec<(Val<'a>, Val<'a>)> = match value {
            // There are no elements yet, and still they have headings.
            value if self.headings.is_some() => vec![(Cow::Owned(0.into()), value)],
            Cow::Borrowed(Value::Array(list)) => numbered(list.iter().map(Cow::Borrowed)),
            Cow::Owned(Value::Array(list)) => numbered(list.into_iter().map(Cow::Owned)),
            Cow::Borrowed(Value::Object(map)) => {
                map.iter().map(|(key, value)| (key_of(key), Cow::Borrowed(value))).collect()
            }
            Cow::Owned(Value::Object(map)) => {
                map.into_iter().map(|(key, value)| (key_of(&key), Cow::Owned(value))).collect()
            }
            Cow::Borrowed(Value::Null) | Cow::Owned(Value::Null) => Vec::new(),
            other => {
                let place = branch.pipe.commands.first().and_then(|command| command.first());
                return Err(failed(place, format!("range can't iterate over {}", show(&other))));
            }
        };
        if elements.is_empty() {
            self.list(&branch.otherwise, dot)?;
        }
        for (key, element) in elements {
            match &branch.pipe.variables[..] {
                [one] => self.set(one, element.clone(), branch.pipe.assigns),
                [index, value] => {
                    self.set(index, key, branch.pipe.assigns);
                    self.set(value, element.clone(), branch.pipe.assigns);
                }
                _ => {}
            }
            let result = self.list(&branch.body, &element);
            self.variables.truncate(known);
            match result {
                Err(Stop::Break) => break,
                Ok(()) | Err(Stop::Continue) => {}
                failed => return failed,
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: Val<'a>, assigns: bool) {
        match self.variables.iter_mut().rev().find(|(known, _)| assigns && known == name) {
            Some(variable) => variable.1 = value,
            None => self.variables.push((name.into(), value)),
        }
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Val<'a>) -> Result<Val<'a>, Stop> {
        let value = self.commands(pipe, dot)?;
        if let Some(name) = pipe.variables.first() {
            self.set(name, value.clone(), pipe.assigns);
        }
        Ok(value)
    }

    /// Each command gets what the one before it gave as its last argument.
    fn commands(&mut self, pipe: &Pipe, dot: &Val<'a>) -> Result<Val<'a>, Stop> {
        let mut last = None;
        for command in &pipe.commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or(Cow::Owned(Value::Null)))
    }

    fn command(&mut self, command: &[Operand], last: Option<Val<'a>>, dot: &Val<'a>) -> Result<Val<'a>, Stop> {
        let Some((first, rest)) = command.split_first() else { return Ok(Cow::Owned(Value::Null)) };
        if let (What::Function(name), true) = (&first.what, first.fields.is_empty()) {
            return self.call(name, first, rest, last, dot);
        }
        if !rest.is_empty() || last.is_some() {
            let words = match first.fields.last() {
                Some(name) => format!("{name} is not a method but has arguments"),
                None => format!("can't give argument to non-function {}", first.text),
            };
            return Err(failed(Some(first), words));
        }
        if matches!(first.what, What::Nil) {
            return Err(failed(Some(first), "nil is not a command".into()));
        }
        self.operand(first, dot)
    }

    fn call(
        &mut self,
        name: &str,
        place: &Operand,
        rest: &[Operand],
        last: Option<Val<'a>>,
        dot: &Val<'a>,
    ) -> Result<Val<'a>, Stop> {
        let mut values = Vec::new();
        for operand in rest {
            let value = self.operand(operand, dot)?;
            // These two look no further than they need to.
            if matches!((name, is_true(&value)), ("and", false) | ("or", true)) {
                return Ok(value);
            }
            values.push(value);
        }
        values.extend(last);
        functions::call(name, values).map_err(|fault| match fault {
            functions::Fault::Count(words) => failed(Some(place), words),
            functions::Fault::Argument(index, words) => failed(rest.get(index).or(Some(place)), words),
            functions::Fault::Call(words) => {
                // Go names the whole command here.
                let command = std::iter::once(place).chain(rest).map(|operand| operand.text.as_str());
                let text = command.collect::<Vec<_>>().join(" ");
                failed(Some(&Operand { text, ..place.clone() }), format!("error calling {name}: {words}"))
            }
        })
    }

    fn operand(&mut self, operand: &Operand, dot: &Val<'a>) -> Result<Val<'a>, Stop> {
        let mut value = match &operand.what {
            What::Dot => dot.clone(),
            What::Nil => Cow::Owned(Value::Null),
            What::Constant(value) => Cow::Owned(value.clone()),
            What::Variable(name) => match self.variables.iter().rev().find(|(known, _)| known == name) {
                Some((_, value)) => value.clone(),
                None => return Err(failed(Some(operand), format!("undefined variable: {name}"))),
            },
            What::Function(name) => self.call(name, operand, &[], None, dot)?,
            What::Pipe(pipe) => {
                let known = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                self.variables.truncate(known);
                value
            }
        };
        for name in &operand.fields {
            value = match self.headings {
                Some(headings) => Cow::Owned(Value::String(headings.of(name))),
                None => field(value, name).map_err(|(words, hint)| {
                    let Stop::Failed(mut failed) = failed(Some(operand), words) else { return Stop::Break };
                    failed.hint = hint;
                    Stop::Failed(failed)
                })?,
            };
        }
        Ok(value)
    }
}

/// A field of a struct, or the value of a key. Else why not, and what there is.
fn field<'a>(value: Val<'a>, name: &str) -> Result<Val<'a>, (String, Option<String>)> {
    let found = match &value {
        Cow::Borrowed(Value::Object(map)) => map.get(name).map(Cow::Borrowed),
        Cow::Owned(Value::Object(map)) => map.get(name).cloned().map(Cow::Owned),
        // A key that no map has: Go prints that, and goes on.
        Cow::Borrowed(Value::Null) | Cow::Owned(Value::Null) => {
            return Err((format!("nil pointer evaluating interface {{}}.{name}"), None));
        }
        other => return Err((format!("can't evaluate field {name} in type {}", kind(other)), None)),
    };
    match (found, &*value) {
        (Some(found), _) => Ok(found),
        (None, Value::Object(map)) if is_struct(map) && name.starts_with(char::is_uppercase) => {
            let names: Vec<String> = map.keys().map(|name| format!(".{name}")).collect();
            let hint = format!("there are {}", names.join(" "));
            Err((format!("can't evaluate field {name} in type struct"), Some(hint)))
        }
        (None, _) => Ok(Cow::Owned(Value::Null)),
    }
}

fn numbered<'a>(list: impl Iterator<Item = Val<'a>>) -> Vec<(Val<'a>, Val<'a>)> {
    list.enumerate().map(|(index, value)| (Cow::Owned(index.into()), value)).collect()
}

fn key_of<'a>(key: &str) -> Val<'a> {
    Cow::Owned(Value::String(key.into()))
}

fn failed(place: Option<&Operand>, words: String) -> Stop {
    let (at, node) = place.map_or((0, String::new()), |operand| (operand.at, operand.text.clone()));
    Stop::Failed(Box::new(Failed { at, node, words, hint: None }))
}

/// As an action prints it.
fn printed(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "<no value>".into(),
        Value::String(text) => text.into(),
        other => show(other).into(),
    }
}
