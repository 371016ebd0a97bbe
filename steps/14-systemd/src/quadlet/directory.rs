//! `SetWorkingDirectory=`.

use std::path::Path;

use process::{Error, Result, code};

use super::{Kind, Translation};

/// Sets the service's working directory; returns what the user named in its place: a directory or an address to build from.
///
/// # Errors
/// What this kind of file cannot have.
pub fn set(of: &mut Translation<'_>) -> Result<Option<String>> {
    let Some(wanted) = of.text("SetWorkingDirectory") else { return Ok(None) };
    let kind = Kind::of(of.source().name());
    let only = |ending| {
        Err(Error::new(format!("SetWorkingDirectory={wanted} is only supported in {ending} files"))
            .code(code::BAD_UNIT))
    };
    let (context, beside) = match wanted.to_ascii_lowercase().as_str() {
        "yaml" if kind != Some(Kind::Kube) => return only(".kube"),
        "yaml" => match of.lists("Yaml").as_slice() {
            [one] => (None, Some(of.path(one))),
            _ => {
                let one = "SetWorkingDirectory=yaml is only supported when a single Yaml key is provided";
                return Err(Error::new(one).code(code::BAD_UNIT));
            }
        },
        "file" if kind != Some(Kind::Build) => return only(".build"),
        "file" => {
            let file = of.get("File").ok_or_else(|| Error::new("no File key specified").code(code::BAD_UNIT))?;
            (None, Some(of.path(file)))
        }
        "unit" => (None, Some(of.source().path.display().to_string())),
        _ if kind != Some(Kind::Build) => {
            return Err(Error::new(format!("unsupported value for WorkingDirectory: {wanted} ")).code(code::BAD_UNIT));
        }
        _ if wanted.starts_with('/') || is_url(wanted) => (Some(wanted.to_string()), None),
        _ => (Some(wanted.to_string()), Some(of.source().path.display().to_string())),
    };
    if let Some(beside) = beside {
        // The user's own comes first.
        if of.source().text("Service", "WorkingDirectory").is_some() {
            return Ok(None);
        }
        let directory = Path::new(&beside).parent().unwrap_or(Path::new("/")).display().to_string();
        of.service.add("Service", "WorkingDirectory", directory);
    }
    Ok(context)
}

/// Whether it is an address rather than a path.
#[must_use]
pub fn is_url(text: &str) -> bool {
    ["http://", "https://", "git://", "github.com/"].iter().any(|prefix| text.starts_with(prefix))
}
