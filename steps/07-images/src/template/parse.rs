//! From words to a tree.

use std::collections::VecDeque;

use serde_json::Value;

use super::DEPTH;
use super::functions;
use super::lex::{Fault, Kind, Piece, Token, fault, pieces};

#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Action(Pipe),
    If(Branch),
    Range(Branch),
    With(Branch),
    Break,
    Continue,
}

#[derive(Debug, Clone)]
pub(super) struct Branch {
    pub pipe: Pipe,
    pub body: Vec<Node>,
    pub otherwise: Vec<Node>,
}

/// `$x := command | command`
#[derive(Debug, Clone)]
pub(super) struct Pipe {
    pub variables: Vec<String>,
    /// `=` and not `:=`.
    pub assigns: bool,
    pub commands: Vec<Vec<Operand>>,
}

#[derive(Debug, Clone)]
pub(super) struct Operand {
    pub what: What,
    /// `.A.B` after it.
    pub fields: Vec<String>,
    pub at: usize,
    /// As it is written in an error.
    pub text: String,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Dot,
    Nil,
    Constant(Value),
    Variable(String),
    Function(String),
    Pipe(Pipe),
}

/// Reads a whole template.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, Fault> {
    let mut parser = Parser { pieces: pieces(text)?.into(), variables: vec!["$".into()], depth: 0, ranges: 0 };
    let (nodes, end) = parser.list()?;
    match end {
        None => Ok(nodes),
        Some(end) => fault(end.at, format!("unexpected {{{{{}}}}}", end.word)),
    }
}

/// `{{end}}` or `{{else ...}}`, which closes a list.
struct End {
    word: String,
    at: usize,
    rest: VecDeque<Token>,
    to: usize,
}

struct Parser {
    pieces: VecDeque<Piece>,
    /// Those that are known at this place.
    variables: Vec<String>,
    depth: usize,
    ranges: usize,
}

impl Parser {
    fn list(&mut self) -> Result<(Vec<Node>, Option<End>), Fault> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.pop_front() {
            let (tokens, at, to) = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(tokens, at, to) => (tokens, at, to),
            };
            let mut tokens = VecDeque::from(tokens);
            let word = match tokens.front() {
                Some(Token { kind: Kind::Word(word), .. }) => word.clone(),
                _ => String::new(),
            };
            match word.as_str() {
                "if" | "range" | "with" => {
                    tokens.pop_front();
                    nodes.push(self.branch(&word, tokens, to)?);
                }
                "end" | "else" => {
                    tokens.pop_front();
                    return Ok((nodes, Some(End { word, at, rest: tokens, to })));
                }
                "break" | "continue" => {
                    if tokens.len() > 1 {
                        return fault(at, format!("unexpected {:?} in {{{{{word}}}}}", tokens[1].text));
                    }
                    if self.ranges == 0 {
                        return fault(at, format!("{{{{{word}}}}} outside {{{{range}}}}"));
                    }
                    nodes.push(if word == "break" { Node::Break } else { Node::Continue });
                }
                "define" | "template" | "block" => {
                    return fault(at, format!("{{{{{word}}}}} is not supported"));
                }
                _ => {
                    let pipe = self.pipe("command", &mut tokens, to)?;
                    nodes.push(Node::Action(pipe));
                }
            }
        }
        Ok((nodes, None))
    }

    fn deeper(&mut self, at: usize) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEPTH { fault(at, "nested too deeply") } else { Ok(()) }
    }

    fn branch(&mut self, word: &str, mut tokens: VecDeque<Token>, to: usize) -> Result<Node, Fault> {
        self.deeper(to)?;
        let known = self.variables.len();
        let pipe = self.pipe(word, &mut tokens, to)?;
        self.ranges += usize::from(word == "range");
        let (body, end) = self.list()?;
        self.ranges -= usize::from(word == "range");
        let otherwise = match end {
            None => return fault(usize::MAX, "unexpected EOF"),
            Some(end) if end.word == "else" => self.otherwise(word, end)?,
            Some(end) => closed(end)?,
        };
        self.variables.truncate(known);
        self.depth -= 1;
        let branch = Branch { pipe, body, otherwise };
        Ok(match word {
            "if" => Node::If(branch),
            "range" => Node::Range(branch),
            _ => Node::With(branch),
        })
    }

    /// After `{{else`: another branch, or a list.
    fn otherwise(&mut self, word: &str, mut end: End) -> Result<Vec<Node>, Fault> {
        match end.rest.front().map(|token| token.kind.clone()) {
            Some(Kind::Word(next)) if next == word && word != "range" => {
                end.rest.pop_front();
                Ok(vec![self.branch(&next, end.rest, end.to)?])
            }
            Some(_) => fault(end.at, format!("unexpected {:?} in {{{{else}}}}", end.rest[0].text)),
            None => match self.list()? {
                (_, None) => fault(usize::MAX, "unexpected EOF"),
                (_, Some(again)) if again.word == "else" => fault(again.at, "expected end; found {{else}}"),
                (nodes, Some(end)) => closed(end).map(|_| nodes),
            },
        }
    }

    fn pipe(&mut self, context: &str, tokens: &mut VecDeque<Token>, to: usize) -> Result<Pipe, Fault> {
        let (variables, assigns) = self.declaration(context, tokens)?;
        let mut pipe = Pipe { variables, assigns, commands: Vec::new() };
        loop {
            let command = self.command(context, tokens)?;
            let at = command.first().map_or(to, |operand| operand.at);
            let pipes = matches!(tokens.front().map(|token| &token.kind), Some(Kind::Pipe));
            match command.first().map(|operand| &operand.what) {
                None if pipe.commands.is_empty() && !pipes => return fault(at, format!("missing value for {context}")),
                None => return fault(at, "empty command"),
                // What comes out of the command before must go somewhere.
                Some(What::Function(_)) => {}
                Some(_) if pipe.commands.is_empty() => {}
                Some(_) if command[0].fields.is_empty() || matches!(command[0].what, What::Constant(_)) => {
                    let stage = pipe.commands.len() + 1;
                    return fault(at, format!("non executable command in pipeline stage {stage}"));
                }
                Some(_) => {}
            }
            pipe.commands.push(command);
            match tokens.pop_front() {
                None => break,
                Some(Token { kind: Kind::Pipe, .. }) => {}
                Some(token @ Token { kind: Kind::Close, .. }) => {
                    tokens.push_front(token);
                    break;
                }
                Some(token) => return fault(token.at, format!("unexpected {:?} in {context}", token.text)),
            }
        }
        // Known only now: $x := $x is an error.
        if !pipe.assigns {
            self.variables.extend(pipe.variables.iter().cloned());
        }
        match tokens.front() {
            Some(token) if context != "parenthesized pipeline" => {
                fault(token.at, format!("unexpected {:?} in {context}", token.text))
            }
            _ => Ok(pipe),
        }
    }

    fn declaration(&self, context: &str, tokens: &mut VecDeque<Token>) -> Result<(Vec<String>, bool), Fault> {
        let mut variables = Vec::new();
        while let (Some(Kind::Variable(name)), Some(next)) = (kind(tokens, 0), tokens.get(1)) {
            let at = next.at;
            match next.kind {
                Kind::Declare | Kind::Assign => {
                    let assigns = next.kind == Kind::Assign;
                    if let (true, Some(unknown)) = (assigns, self.unknown(&name)) {
                        return fault(at, unknown);
                    }
                    variables.push(name);
                    tokens.drain(..2);
                    return Ok((variables, assigns));
                }
                Kind::Comma if context == "range" && variables.is_empty() => {
                    variables.push(name);
                    tokens.drain(..2);
                    let variable = matches!(kind(tokens, 0), Some(Kind::Variable(_)));
                    if !variable || !matches!(kind(tokens, 1), Some(Kind::Declare | Kind::Assign)) {
                        return fault(at, "range can only initialize variables");
                    }
                }
                Kind::Comma => return fault(at, format!("too many declarations in {context}")),
                _ => break,
            }
        }
        Ok((variables, false))
    }

    fn unknown(&self, name: &str) -> Option<String> {
        (!self.variables.iter().any(|known| known == name)).then(|| format!("undefined variable {name:?}"))
    }

    fn command(&mut self, context: &str, tokens: &mut VecDeque<Token>) -> Result<Vec<Operand>, Fault> {
        let mut command = Vec::new();
        while let Some(token) = tokens.front() {
            if matches!(token.kind, Kind::Pipe | Kind::Close) {
                break;
            }
            if !command.is_empty() && !token.apart {
                return fault(token.at, format!("unexpected {:?} in operand", token.text));
            }
            let context = if command.is_empty() { context } else { "operand" };
            command.push(self.operand(context, tokens)?);
        }
        Ok(command)
    }

    fn operand(&mut self, context: &str, tokens: &mut VecDeque<Token>) -> Result<Operand, Fault> {
        let Some(token) = tokens.pop_front() else { return fault(usize::MAX, "missing value for command") };
        let Token { at, mut text, .. } = token;
        let mut fields = Vec::new();
        let what = match token.kind {
            Kind::Dot => What::Dot,
            Kind::Field(name) => {
                fields.push(name);
                What::Dot
            }
            Kind::Variable(name) => match self.unknown(&name) {
                Some(unknown) => return fault(at, unknown),
                None => What::Variable(name),
            },
            Kind::Text(text) => What::Constant(Value::String(text)),
            Kind::Integer(number) => What::Constant(number.into()),
            Kind::Float(number) => What::Constant(number.into()),
            Kind::Word(word) => match word.as_str() {
                "true" | "false" => What::Constant(Value::Bool(word == "true")),
                "nil" => What::Nil,
                word if functions::is_known(word) => What::Function(word.into()),
                word => return fault(at, format!("function {word:?} not defined")),
            },
            Kind::Open => {
                self.deeper(at)?;
                let pipe = self.pipe("parenthesized pipeline", tokens, at)?;
                let Some(close) = tokens.pop_front() else { return fault(at, "unclosed left paren") };
                self.depth -= 1;
                text = format!("(...{}", close.text);
                What::Pipe(pipe)
            }
            _ => return fault(at, format!("unexpected {text:?} in {context}")),
        };
        let mut operand = Operand { what, fields, at, text };
        while let Some(Token { kind: Kind::Field(name), at, text, apart: false }) = tokens.front() {
            if matches!(operand.what, What::Constant(_) | What::Nil) {
                return fault(*at, format!("unexpected . after term {:?}", operand.text));
            }
            // The place of a chain is where it begins to be one, as in Go.
            if operand.fields.len() == 1 || !matches!(operand.what, What::Dot) && operand.fields.is_empty() {
                operand.at = *at;
            }
            operand.text += text;
            operand.fields.push(name.clone());
            tokens.pop_front();
        }
        Ok(operand)
    }
}

fn kind(tokens: &VecDeque<Token>, index: usize) -> Option<Kind> {
    tokens.get(index).map(|token| token.kind.clone())
}

fn closed(end: End) -> Result<Vec<Node>, Fault> {
    match end.rest.front() {
        Some(token) => fault(token.at, format!("unexpected {:?} in end", token.text)),
        None => Ok(Vec::new()),
    }
}
