//! What kinds of Quadlet files there are.

use super::keys;

/// A kind of Quadlet file, by the last part of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
// The order in which they are translated: one that gives another its name comes before it.
pub enum Kind {
    /// An artifact is pulled.
    Artifact,
    /// An image is pulled.
    Image,
    /// A network is made.
    Network,
    /// A volume is made.
    Volume,
    /// An image is built.
    Build,
    /// A container runs.
    Container,
    /// What a Kubernetes file describes runs.
    Kube,
    /// A pod is there for the containers that join it.
    Pod,
}

impl Kind {
    const ALL: [Kind; 8] =
        [Kind::Artifact, Kind::Image, Kind::Network, Kind::Volume, Kind::Build, Kind::Container, Kind::Kube, Kind::Pod];

    /// The kind of a file of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Kind> {
        let (_, extension) = name.rsplit_once('.')?;
        Kind::ALL.into_iter().find(|kind| kind.extension() == extension)
    }

    /// The last part of the file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Kind::Artifact => "artifact",
            Kind::Image => "image",
            Kind::Network => "network",
            Kind::Volume => "volume",
            Kind::Build => "build",
            Kind::Container => "container",
            Kind::Kube => "kube",
            Kind::Pod => "pod",
        }
    }

    /// The file's own group.
    #[must_use]
    pub fn group(self) -> &'static str {
        match self {
            Kind::Artifact => "Artifact",
            Kind::Image => "Image",
            Kind::Network => "Network",
            Kind::Volume => "Volume",
            Kind::Build => "Build",
            Kind::Container => "Container",
            Kind::Kube => "Kube",
            Kind::Pod => "Pod",
        }
    }

    /// What the name of its service ends with.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Kind::Artifact => "-artifact",
            Kind::Image => "-image",
            Kind::Network => "-network",
            Kind::Volume => "-volume",
            Kind::Build => "-build",
            Kind::Container | Kind::Kube => "",
            Kind::Pod => "-pod",
        }
    }

    /// What its group may say.
    #[must_use]
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Kind::Artifact => keys::ARTIFACT,
            Kind::Image => keys::IMAGE,
            Kind::Network => keys::NETWORK,
            Kind::Volume => keys::VOLUME,
            Kind::Build => keys::BUILD,
            Kind::Container => keys::CONTAINER,
            Kind::Kube => keys::KUBE,
            Kind::Pod => keys::POD,
        }
    }

    /// The verb that podling does not have yet, so that its service cannot start.
    #[must_use]
    pub fn missing(self) -> Option<&'static str> {
        match self {
            Kind::Artifact => Some("artifact"),
            Kind::Network => Some("network create"),
            Kind::Build => Some("build"),
            Kind::Kube => Some("kube play"),
            Kind::Pod => Some("pod"),
            Kind::Image | Kind::Volume | Kind::Container => None,
        }
    }
}
