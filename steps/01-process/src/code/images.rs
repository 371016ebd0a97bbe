//! Steps 07 and 08: images and registries.

use super::Trouble;

/// An image is not in the store.
pub const NO_IMAGE: u16 = 701;
/// An image is used by a container.
pub const IMAGE_IN_USE: u16 = 702;
/// The registry wants a login, or another one.
pub const UNAUTHORIZED: u16 = 801;
/// The registry speaks plain HTTP.
pub const PLAIN_HTTP: u16 = 802;
/// The registry's certificate is nobody's that we know.
pub const CERTIFICATE: u16 = 803;
/// A short name could mean anything.
pub const SHORT_NAME: u16 = 804;
/// registries.conf is of the old form, or broken.
pub const REGISTRIES_CONF: u16 = 805;
/// The registry is out of reach.
pub const NO_REGISTRY: u16 = 806;
/// The registry has no such image.
pub const NO_MANIFEST: u16 = 807;
/// The registry has had enough of us.
pub const TOO_MANY_REQUESTS: u16 = 808;

pub(super) const TROUBLES: &[Trouble] = &[
    Trouble {
        code: NO_IMAGE,
        what: "image not known",
        cause: "no image of this name is in the store of this user; Podman's store, root's and another --root are other stores. \
                It may also have been removed since it was pulled, by rmi -a or a prune of another command",
        cure: "podling images lists what is there; podling pull NAME brings it",
        needs: None,
        chapter: "step-07",
    },
    Trouble {
        code: IMAGE_IN_USE,
        what: "an image is used by a container",
        cause: "a container, running or not, stands on the image's layers",
        cure: "podling ps -a --filter ancestor=IMAGE finds it; podling rm removes it, podling rmi -f both",
        needs: None,
        chapter: "step-07",
    },
    Trouble {
        code: UNAUTHORIZED,
        what: "the registry asks for a login, or does not take the one that it gets",
        cause: "the image is not public, or auth.json has a password for this registry that is not right any more: then public \
                images are refused too",
        cure: "podling login REGISTRY; or podling logout REGISTRY when the image is public",
        needs: None,
        chapter: "step-08",
    },
    Trouble {
        code: PLAIN_HTTP,
        what: "http: server gave HTTP response to HTTPS client",
        cause: "the registry does not encrypt, and podling does not talk to such a one unless it is told to",
        cure: "podling pull --tls-verify=false, or in ~/.config/containers/registries.conf.d/NAME.conf: [[registry]] \
               location = \"HOST:PORT\", insecure = true; anybody between can then change images",
        needs: None,
        chapter: "step-08",
    },
    Trouble {
        code: CERTIFICATE,
        what: "the registry's certificate cannot be verified",
        cause: "its authority is not among those that the system knows, it is for another name, or it has expired",
        cure: "put the authority's certificate into ~/.config/containers/certs.d/HOST:PORT/ca.crt",
        needs: None,
        chapter: "step-08",
    },
    Trouble {
        code: SHORT_NAME,
        what: "a short name does not say of which registry it is",
        cause: "no alias has it, and registries.conf names no registry to search, or several and nobody can be asked",
        cure: "write the whole name, docker.io/library/NAME; or unqualified-search-registries = [\"docker.io\"] in \
               ~/.config/containers/registries.conf",
        needs: None,
        chapter: "step-08",
    },
    Trouble {
        code: REGISTRIES_CONF,
        what: "registries.conf cannot be read",
        cause: "it is no TOML, or of the form before 2018 ([registries.search])",
        cure: "the message names file and line; containers-registries.conf(5) has the form",
        needs: None,
        chapter: "step-08",
    },
    Trouble {
        code: NO_REGISTRY,
        what: "the registry cannot be reached",
        cause: "its name is wrong or unknown to DNS, nothing listens there, or a proxy is needed (HTTPS_PROXY)",
        cure: "curl -v https://REGISTRY/v2/ asks the same by hand",
        needs: None,
        chapter: "step-08",
    },
    Trouble {
        code: NO_MANIFEST,
        what: "the registry has no image of this name and tag",
        cause: "the name or the tag is mistyped, or has gone; no tag means latest, which not every image has. Some registries say \
                the same of what they do not show without a login",
        cure: "look it up on the registry's pages; podling login REGISTRY where it is not public",
        needs: None,
        chapter: "step-08",
    },
    Trouble {
        code: TOO_MANY_REQUESTS,
        what: "the registry has been asked too often",
        cause: "it counts what an address or a user pulls, Docker Hub in hours",
        cure: "podling login REGISTRY raises the count; a mirror in registries.conf does without it",
        needs: None,
        chapter: "step-08",
    },
];
