//! What is done to make a container, in its order and by the data by which it is done.

use std::path::{Path, PathBuf};

use cgroups::Place;
use namespaces::explain::extents;
use namespaces::{IdMap, Space};
use process::explain::{Explain, Line};
use runtime::Container;

use super::process::map;
use crate::Record;

/// Where a monitor writes it, for the command that has opened the file already.
pub(crate) fn file(directory: &Path) -> PathBuf {
    directory.join("explanation")
}

/// The lines.
// ANCHOR: making
pub(crate) fn making(
    record: &Record,
    layers: usize,
    container: &Container,
    (own, place): (Option<&IdMap>, &Place),
) -> Vec<Line> {
    let options = &record.options;
    let mut lines = vec![Line::new(2, "enter the user's own namespace, in which the user is root")];
    lines.extend(map(std::process::id()));
    if let Some(own) = own {
        lines.push(Line::new(2, "make a user namespace in that one for the container, with ids of its own"));
        lines.extend([extents("user", &own.users), extents("group", &own.groups)].concat());
    }
    lines.push(Line::new(
        7,
        format!("put the layers of {} on each other ({layers}), a directory of its own on top", record.image),
    ));
    lines.extend(namespaces::explain::namespaces(container.namespaces));
    lines.extend(options.spaces().iter().filter_map(|(_, name, space)| shared(name, space)));
    lines.extend(place.explain());
    lines.extend(options.limits.explain());
    lines.extend(options.network.explain());
    lines.extend(container.rootfs.explain());
    lines.extend(container.hostname.explain());
    lines.extend(container.confinement.explain());
    lines.extend(container.program.explain());
    lines.push(Line::new(9, "stay as its monitor: keep its output, wait for its end"));
    lines
}
// ANCHOR_END: making

/// A namespace that is somebody else's.
fn shared(name: &str, space: &Space) -> Option<Line> {
    let words = match space {
        Space::Private => return None,
        // What the user's own namespace is, the first line says.
        Space::Host if name == "user" => return None,
        Space::Host => format!("leave it in the {name} namespace of its caller"),
        Space::Container(id) => format!("join the {name} namespace of container {id}"),
        Space::Path(path) => format!("join the {name} namespace {}", path.display()),
    };
    Some(Line::new(2, words))
}
