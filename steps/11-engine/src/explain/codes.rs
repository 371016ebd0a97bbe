//! What an error means, by its code.

use std::io::Write;

use process::code::{BAD_VALUE, Trouble, shown, trouble, troubles};
use process::{Error, Result};

/// Cause, cure and chapter of one.
///
/// # Errors
/// When there is no such code.
// ANCHOR: code
pub(super) fn explain(code: u16, out: &mut dyn Write) -> Result<()> {
    let found = trouble(code).ok_or_else(|| {
        Error::new(format!("there is no code {}", shown(code)))
            .code(BAD_VALUE)
            .hint("`podling explain --codes` lists them")
    })?;
    write(found, out).map_err(|error| Error::os("write to standard output", error))
}

fn write(found: &Trouble, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}: {}", shown(found.code), found.what)?;
    writeln!(out, "Cause: {}", found.cause)?;
    writeln!(out, "Cure: {}", found.cure)?;
    if let Some(command) = found.mending(&namespaces::subid::name(nix::unistd::geteuid())) {
        writeln!(out, "Here: {command}")?;
    }
    writeln!(out, "Chapter: {}", found.chapter)
}
// ANCHOR_END: code

/// All, a line each.
///
/// # Errors
/// When nobody can read them.
pub(super) fn list(out: &mut dyn Write) -> Result<()> {
    let mut all: Vec<&Trouble> = troubles().collect();
    all.sort_by_key(|one| one.code);
    all.into_iter()
        .try_for_each(|one| writeln!(out, "{}  {}", shown(one.code), one.what))
        .map_err(|error| Error::os("write to standard output", error))
}
