//! Which network a container has: `--network`.

use std::path::PathBuf;

use namespaces::Space;
use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

/// The network of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// pasta(1) between it and the host's network, with further options for pasta.
    Pasta(Vec<String>),
    /// Nothing but a loopback interface of its own.
    None,
    /// The host's.
    Host,
    /// That of another container: its name, or from the making of this one on its id.
    Container(String),
    /// That of the namespace which this file stands for.
    Path(PathBuf),
}

impl Mode {
    /// Reads `pasta[:OPTION,...]`, `private`, `none` or `host`.
    ///
    /// # Errors
    /// By name, when it is one of Podman's that is not there, or an unknown one.
    // ANCHOR: mode
    pub fn parse(text: &str) -> Result<Mode> {
        let (kind, rest) = text.split_once(':').map_or((text, None), |(kind, rest)| (kind, Some(rest)));
        match (kind, rest) {
            ("none", None) => Ok(Mode::None),
            ("host", None) => Ok(Mode::Host),
            ("pasta", rest) => Ok(Mode::Pasta(options(rest))),
            ("" | "default" | "private", None) => Ok(Mode::Pasta(Vec::new())),
            ("none" | "host" | "private" | "default", Some(rest)) => {
                Err(Error::new(format!("invalid option for network {kind}: unknown bridge network option: {rest}"))
                    .code(code::BAD_VALUE))
            }
            ("container", Some("") | None) => {
                Err(Error::new("invalid config provided: namespace mode container requires a value")
                    .code(code::BAD_NAMESPACE))
            }
            ("ns", Some("") | None) => {
                Err(Error::new("invalid config provided: namespace mode path requires a value")
                    .code(code::BAD_NAMESPACE))
            }
            ("container", Some(name)) => Ok(Mode::Container(name.into())),
            ("ns", Some(path)) => Ok(Mode::Path(path.into())),
            ("bridge" | "slirp4netns", _) => Err(absent(kind)),
            // Podman's words; nobody could have made one here.
            _ => Err(Error::new(format!("unable to find network with name or ID {kind}: network not found"))
                .code(code::NO_NETWORK)
                .hint("networks that containers share are not supported yet; without --network it is pasta")),
        }
    }
    // ANCHOR_END: mode

    /// Whether its network namespace is not the host's.
    #[must_use]
    pub fn own_namespace(&self) -> bool {
        *self != Mode::Host
    }

    /// Whether its network namespace is made for it: [`Space::Private`], or whose it is.
    #[must_use]
    pub fn space(&self) -> Space {
        match self {
            Mode::Pasta(_) | Mode::None => Space::Private,
            Mode::Host => Space::Host,
            Mode::Container(name) => Space::Container(name.clone()),
            Mode::Path(path) => Space::Path(path.clone()),
        }
    }

    /// As `HostConfig.NetworkMode` has it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Mode::Pasta(_) => "pasta".into(),
            Mode::None => "none".into(),
            _ => self.space().name(),
        }
    }
}

fn options(text: Option<&str>) -> Vec<String> {
    text.iter().flat_map(|text| text.split(',')).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn absent(kind: &str) -> Error {
    Error::new(format!("--network {kind}: not supported yet"))
        .code(code::NOT_THERE_YET)
        .hint("--network pasta, the default, reaches the outside and publishes ports; none and host are there as well")
}
