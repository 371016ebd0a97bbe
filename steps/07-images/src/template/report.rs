//! Rows of a listing, as `--format` wants them.

use std::io::Write;

use process::{Error, Result, code};
use serde::Serialize;
use serde_json::Value;

use super::Template;

/// The words above a table.
#[derive(Debug, Clone, Copy)]
pub struct Headings {
    /// The last word of the verb, which errors name: `ps`.
    pub verb: &'static str,
    /// A field and its heading, where it is not the field's own words in capitals (`CreatedAt`: `CREATED AT`).
    pub names: &'static [(&'static str, &'static str)],
}

impl Headings {
    /// The heading of a field.
    pub(super) fn of(&self, field: &str) -> String {
        match self.names.iter().find(|(known, _)| *known == field) {
            Some((_, heading)) => (*heading).to_string(),
            None => words(field),
        }
    }
}

/// `ImageID` as `IMAGE ID`.
fn words(field: &str) -> String {
    let letters: Vec<char> = field.chars().collect();
    let mut out = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| letters[index]);
        let lower_after = letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase() && (before.is_some_and(char::is_lowercase) || lower_after);
        if before.is_some() && begins {
            out.push(' ');
        }
        out.extend(letter.to_uppercase());
    }
    out
}

/// Whether `--format` asks for JSON: the rows then are what a program wants to know, not what a person reads.
#[must_use]
pub fn is_json(format: &str) -> bool {
    format.trim() == "json"
}

/// Whether `--format` asks for a table, which has headings unless somebody does not want them.
#[must_use]
pub fn is_table(format: &str) -> bool {
    format == "table" || format.starts_with("table ")
}

/// Prints rows: `json` as one array, `table {{.A}}\t{{.B}}` in columns below headings, another template once a row (or
/// once for all when it begins with a range over them).
///
/// # Errors
/// Those of the template and of the writer.
pub fn print(out: &mut dyn Write, format: &str, rows: &[Value], headings: &Headings) -> Result<()> {
    print_table(out, format, rows, headings, true)
}

/// The same, and a table may be without its headings (`--noheading`).
///
/// # Errors
/// As [`print()`].
pub fn print_table(
    out: &mut dyn Write,
    format: &str,
    rows: &[Value],
    headings: &Headings,
    heading: bool,
) -> Result<()> {
    if is_json(format) {
        return print_json(out, &rows, 2);
    }
    let table = is_table(format);
    let all = Value::Array(rows.to_vec());
    let (text, template) = parse(headings.verb, format, |text| match text.starts_with("{{range") {
        true => text.to_string(),
        false => format!("{{{{range .}}}}{text}{{{{end}}}}"),
    })?;
    let mut page = template.render(&all)?;
    if table {
        let head = match heading {
            true => Template::named(headings.verb, &text)?.render_headings(headings)?,
            false => String::new(),
        };
        page = columns(&format!("{head}{page}"));
    }
    write(out, &page)
}

/// Prints one thing by a template, as `inspect` does: a line of its own, nothing else around it.
///
/// # Errors
/// Those of the template and of the writer.
pub fn print_one(out: &mut dyn Write, verb: &str, format: &str, data: &Value) -> Result<()> {
    let (_, template) = parse(verb, format, str::to_string)?;
    write(out, &template.render(data)?)
}

/// Prints JSON as Podman does: lists indented by 2, what `inspect` says by 5.
///
/// # Errors
/// Those of the writer.
pub fn print_json(out: &mut dyn Write, value: &impl Serialize, indent: usize) -> Result<()> {
    let blanks = " ".repeat(indent);
    let formatter = serde_json::ser::PrettyFormatter::with_indent(blanks.as_bytes());
    let mut text = Vec::new();
    value
        .serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))
        .map_err(|error| Error::because("write JSON", error).code(code::INTERNAL))?;
    text.push(b'\n');
    out.write_all(&text).map_err(failed)
}

fn write(out: &mut dyn Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).map_err(failed)
}

fn failed(error: std::io::Error) -> Error {
    Error::os("write to standard output", error)
}

/// The template that `wrap` makes of a format. `\n` is first taken for a line's end wherever it stands; if that is none
/// of a template, as with `{{println "a\n"}}`, then as it was written.
fn parse(verb: &str, format: &str, wrap: impl Fn(&str) -> String) -> Result<(String, Template)> {
    let text = normal(format);
    match Template::named(verb, &wrap(&text)) {
        Ok(template) => Ok((text, template)),
        Err(error) if !format.contains('\\') => Err(error),
        Err(error) => match Template::named(verb, &wrap(format)) {
            Ok(template) => Ok((format.to_string(), template)),
            Err(_) => Err(error),
        },
    }
}

/// What a command line means by `\t` and `\n`, and a line's end. In a table a blank ends a column, as with Podman.
fn normal(format: &str) -> String {
    let table = is_table(format);
    let text = format.strip_prefix("table ").unwrap_or(format);
    let mut text = text.replace("\\n", "\n").replace("\\t", "\t");
    if table {
        text = text.replace(' ', "\t");
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Cells that end with a tab, padded to one width a column: as Go's tabwriter with 12 characters at least and two
/// between, which aligns neighbouring lines that have the column.
fn columns(page: &str) -> String {
    let lines: Vec<Vec<&str>> = page.lines().map(|line| line.split('\t').collect()).collect();
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|cells| vec![0; cells.len()]).collect();
    for column in 0..lines.iter().map(Vec::len).max().unwrap_or(0) {
        // The last cell of a line ends with no tab and is in no column.
        let has = |line: &usize| column + 1 < lines[*line].len();
        let mut begin = 0;
        while begin < lines.len() {
            let end = (begin..lines.len()).find(|line| !has(line)).unwrap_or(lines.len());
            let width = lines[begin..end].iter().map(|cells| cells[column].chars().count() + 2).max();
            widths[begin..end].iter_mut().for_each(|widths| widths[column] = width.unwrap_or(0).max(12));
            begin = end + 1;
        }
    }
    let mut out = String::new();
    for (cells, widths) in lines.iter().zip(widths) {
        for (cell, width) in cells.iter().zip(widths) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
        }
        out.push('\n');
    }
    out
}
