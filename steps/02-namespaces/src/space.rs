//! Where a namespace of a container comes from: `--pid`, `--ipc`, `--uts` and so on, in Podman's words.

use std::path::PathBuf;

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

/// Where one namespace comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Space {
    /// It is new.
    #[default]
    Private,
    /// It is that of whoever makes the container.
    Host,
    /// It is that of another container: its name, or from the making of this one on its id.
    Container(String),
    /// It is the one that this file stands for.
    Path(PathBuf),
}

impl Space {
    /// Reads `private`, `host`, `container:NAME` or `ns:PATH`.
    ///
    /// # Errors
    /// In Podman's words, what is none of these.
    // ANCHOR: parse
    pub fn parse(text: &str) -> Result<Space> {
        let lacks = |mode: &str| {
            Error::new(format!("invalid config provided: namespace mode {mode} requires a value"))
                .code(code::BAD_NAMESPACE)
        };
        match text.split_once(':').map_or((text, None), |(mode, value)| (mode, Some(value))) {
            ("" | "private", None) => Ok(Space::Private),
            ("host", None) => Ok(Space::Host),
            ("container", Some("")) => Err(lacks("container")),
            ("ns", Some("")) => Err(lacks("path")),
            ("container", Some(name)) => Ok(Space::Container(name.into())),
            ("ns", Some(path)) => Ok(Space::Path(path.into())),
            _ => Err(Error::new(format!("unrecognized namespace mode {text} passed")).code(code::BAD_NAMESPACE)),
        }
    }
    // ANCHOR_END: parse

    /// As Podman's documents have it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Space::Private => "private".into(),
            Space::Host => "host".into(),
            Space::Container(name) => format!("container:{name}"),
            Space::Path(path) => format!("ns:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_podmans() {
        for (text, space) in [
            ("", Space::Private),
            ("private", Space::Private),
            ("host", Space::Host),
            ("container:web", Space::Container("web".into())),
            ("ns:/proc/1/ns/pid", Space::Path("/proc/1/ns/pid".into())),
        ] {
            assert_eq!(Space::parse(text), Ok(space.clone()));
            assert_eq!(Space::parse(&space.name()), Ok(space));
        }
        for (text, words) in [
            ("moon", "unrecognized namespace mode moon passed"),
            ("host:x", "unrecognized namespace mode host:x passed"),
            ("container", "unrecognized namespace mode container passed"),
            ("container:", "invalid config provided: namespace mode container requires a value"),
            ("ns:", "invalid config provided: namespace mode path requires a value"),
        ] {
            assert_eq!(Space::parse(text).map_err(|error| error.to_string()), Err(words.into()), "{text}");
        }
    }
}
