//! How things are called after the file that describes them.

use super::{Files, Kind, Known};
use crate::unit::Unit;

/// The service's name, without `.service`.
#[must_use]
pub fn service(source: &Unit, kind: Kind) -> String {
    if let Some(name) = source.get(kind.group(), "ServiceName") {
        return name.to_string();
    }
    let stem = stem(source.name());
    match stem.strip_suffix('@') {
        Some(template) => format!("{template}{}@", kind.suffix()),
        None => format!("{stem}{}", kind.suffix()),
    }
}

/// The service's file.
#[must_use]
pub fn service_file(source: &Unit, kind: Kind) -> String {
    format!("{}.service", service(source, kind))
}

/// The container's name, with specifiers that only systemd can replace.
#[must_use]
pub fn container(source: &Unit) -> &str {
    let template = source.name().contains('@');
    source.text("Container", "ContainerName").unwrap_or(if template { "systemd-%p_%i" } else { "systemd-%N" })
}

/// The pod's name.
#[must_use]
pub fn pod(source: &Unit) -> String {
    source.text("Pod", "PodName").map_or_else(|| format!("systemd-{}", stem(source.name())), str::to_string)
}

/// The name of a volume or a network.
#[must_use]
pub fn resource(source: &Unit, kind: Kind) -> String {
    if let Some(name) = source.text(kind.group(), &format!("{}Name", kind.group())) {
        return name.to_string();
    }
    let stem = stem(source.name());
    match stem.strip_suffix('@').or_else(|| stem.split_once('@').map(|(template, _)| template)) {
        Some(template) => format!("systemd-{template}-%i"),
        None => format!("systemd-{stem}"),
    }
}

/// What can be known of a file before any is translated.
#[must_use]
pub fn known(source: &Unit, kind: Kind) -> Known {
    let service = service(source, kind);
    let resource = match kind {
        // Only `%N`: what the other specifiers mean is for systemd to say.
        Kind::Container => {
            Some(container(source).replace("%N", &service)).filter(|name| !name.contains('%')).unwrap_or_default()
        }
        Kind::Build => source.all("Build", "ImageTag").first().copied().unwrap_or_default().to_string(),
        Kind::Pod => pod(source),
        _ => String::new(),
    };
    Known { service, resource, members: Vec::new() }
}

/// What can be known of all files.
#[must_use]
pub fn files(sources: &[(Kind, Unit)]) -> Files {
    sources.iter().map(|(kind, source)| (source.name().to_string(), known(source, *kind))).collect()
}

/// The name without what comes after the last dot.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
