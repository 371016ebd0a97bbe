//! From a Quadlet file to a service, whatever its kind.

use process::Result;

use crate::generate::Line;
use crate::unit::words;

use super::{Files, Kind, Translation, build, container, image, kube, network, pod, volume};
use crate::unit::Unit;

/// Translates a file.
///
/// # Errors
/// What the file says cannot be done.
pub fn translate<'a>(
    kind: Kind,
    source: &'a Unit,
    files: &'a mut Files,
    program: &'a str,
    user: bool,
) -> Result<Translation<'a>> {
    let mut of = Translation::new(source, kind, files, program, user)?;
    match kind {
        Kind::Artifact => image::artifact(&mut of)?,
        Kind::Image => image::translate(&mut of)?,
        Kind::Network => network::translate(&mut of)?,
        Kind::Volume => volume::translate(&mut of)?,
        Kind::Build => build::translate(&mut of)?,
        Kind::Container => container::translate(&mut of)?,
        Kind::Kube => kube::translate(&mut of)?,
        Kind::Pod => pod::translate(&mut of)?,
    }
    Ok(of)
}

/// Says what will not go as the user thinks.
pub fn warn(kind: Kind, source: &Unit, mut say: impl FnMut(&str)) {
    for key in ["User", "Group", "DynamicUser"] {
        if source.get("Service", key).is_some() {
            say(&format!("Warning: using key {key} in the Service group is not supported - use at your own risk"));
        }
    }
    if let Some(image) = source.get(kind.group(), "Image").filter(|image| is_ambiguous(image)) {
        let name = source.name();
        say(&format!(
            "Warning: {name} specifies the image \"{image}\" which not a fully qualified image name. This is not ideal \
             for performance and security reasons. See the podman-pull manpage discussion of short-name-aliases.conf for \
             details."
        ));
    }
    if let Some(verb) = kind.missing() {
        let name = source.name();
        say(&format!("Warning: {name}: podling has no \"{verb}\" yet: the service is generated, but it cannot start"));
    }
}

/// The flags of a container's service that `run` does not know yet.
#[must_use]
pub fn unknown_flags(service: &Unit) -> Vec<String> {
    let run = engine::commands().iter().find(|command| command.name == "run");
    let definition = run.map(|command| (command.define)(clap::Command::new("run"))).unwrap_or_default();
    let words = service.get("Service", "ExecStart").and_then(|start| words::arguments(start).ok()).unwrap_or_default();
    let line = Line::parse(&words, &definition).unwrap_or_default();
    let names = line.flags.into_iter().flat_map(|flag| flag.names);
    names.filter(|name| !crate::generate::knows(&definition, name)).collect()
}

/// Whether a name could be an image of several registries.
fn is_ambiguous(image: &str) -> bool {
    let is_file = image.ends_with(".build") || image.ends_with(".image");
    let is_id = image.starts_with("sha256:") || (image.len() == 64 && image.bytes().all(|b| b.is_ascii_hexdigit()));
    let domain = image.split_once('/').map(|(domain, _)| domain);
    let is_qualified = domain.is_some_and(|domain| domain.contains(['.', ':']) || domain == "localhost");
    !(is_file || is_id || is_qualified)
}
