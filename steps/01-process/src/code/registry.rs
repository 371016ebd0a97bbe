//! Step 08: registries, and what says which may be asked.

use super::Trouble;

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
/// There is nothing to log out of.
pub const NOT_LOGGED_IN: u16 = 809;
/// Credentials are incomplete.
pub const BAD_CREDENTIALS: u16 = 810;
/// auth.json is damaged.
pub const BAD_AUTH_FILE: u16 = 811;
/// A credential helper failed.
pub const CREDENTIAL_HELPER: u16 = 812;
/// Certificates of certs.d cannot be used.
pub const BAD_CERTS: u16 = 813;
/// TLS fails for another reason.
pub const TLS_FAILED: u16 = 814;
/// A rule forbids the image.
pub const POLICY: u16 = 815;
/// policy.json cannot be obeyed.
pub const BAD_POLICY: u16 = 816;
/// A registry sends us where we do not go.
pub const UNSAFE_ROUTE: u16 = 817;
/// What a registry gives is not what was asked.
pub const BAD_ANSWER: u16 = 818;
/// A connection broke, again and again.
pub const BROKEN_OFF: u16 = 819;
/// The registry has a trouble of its own.
pub const REGISTRY_FAILED: u16 = 820;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-08")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        UNAUTHORIZED,
        "the registry asks for a login, or does not take the one that it gets",
        "the image is not public, or auth.json has a password for this registry that is not right any more: then \
         public images are refused too",
        "podling login REGISTRY; or podling logout REGISTRY when the image is public",
    ),
    trouble(
        PLAIN_HTTP,
        "http: server gave HTTP response to HTTPS client",
        "the registry does not encrypt, and podling does not talk to such a one unless it is told to",
        "podling pull --tls-verify=false, or in ~/.config/containers/registries.conf.d/NAME.conf: [[registry]] \
         location = \"HOST:PORT\", insecure = true; anybody between can then change images",
    ),
    trouble(
        CERTIFICATE,
        "the registry's certificate cannot be verified",
        "its authority is not among those that the system knows, it is for another name, or it has expired",
        "put the authority's certificate into ~/.config/containers/certs.d/HOST:PORT/ca.crt",
    ),
    trouble(
        SHORT_NAME,
        "a short name does not say of which registry it is",
        "no alias has it, and registries.conf names no registry to search, or several and nobody can be asked",
        "write the whole name, docker.io/library/NAME; or unqualified-search-registries = [\"docker.io\"] in \
         ~/.config/containers/registries.conf",
    ),
    trouble(
        REGISTRIES_CONF,
        "registries.conf cannot be read",
        "it is no TOML, or of the form before 2018 ([registries.search])",
        "the message names file and line; containers-registries.conf(5) has the form",
    ),
    trouble(
        NO_REGISTRY,
        "the registry cannot be reached",
        "its name is wrong or unknown to DNS, nothing listens there, or a proxy is needed (HTTPS_PROXY)",
        "curl -v https://REGISTRY/v2/ asks the same by hand",
    ),
    trouble(
        NO_MANIFEST,
        "the registry has no image of this name and tag",
        "the name or the tag is mistyped, or has gone; no tag means latest, which not every image has. Some \
         registries say the same of what they do not show without a login",
        "look it up on the registry's pages; podling login REGISTRY where it is not public",
    ),
    trouble(
        TOO_MANY_REQUESTS,
        "the registry has been asked too often",
        "it counts what an address or a user pulls, Docker Hub in hours",
        "podling login REGISTRY raises the count; a mirror in registries.conf does without it",
    ),
    trouble(
        NOT_LOGGED_IN,
        "there are no credentials for this registry",
        "none were kept by podling login, or they are in Docker's file",
        "podling login REGISTRY; podling login --get-login REGISTRY tells",
    ),
    trouble(
        BAD_CREDENTIALS,
        "a user without a password, or a password without a user",
        "--creds and podling login want both",
        "--creds USER:PASSWORD, or podling login and answer its questions",
    ),
    trouble(
        BAD_AUTH_FILE,
        "the file with the credentials is damaged",
        "auth.json is no JSON, or has something else where user and password should be",
        "remove the file that the message names, then podling login",
    ),
    trouble(
        CREDENTIAL_HELPER,
        "a credential helper does not give the password",
        "auth.json or registries.conf names a program docker-credential-NAME that is not there, fails, or does not \
         answer",
        "install or run it by hand; or take credHelpers and credsStore out of the file",
    ),
    trouble(
        BAD_CERTS,
        "the certificates for the registry cannot be used",
        "a file in certs.d is damaged, or NAME.cert has no NAME.key beside it",
        "openssl x509 -in FILE -noout -text shows what it is",
    ),
    trouble(
        TLS_FAILED,
        "the encrypted connection to the registry fails",
        "one of the two does not take what the other offers: an old version of TLS, a certificate of the client \
         that is wanted, a proxy that is in between",
        "openssl s_client -connect HOST:443 shows the same by hand",
    ),
    trouble(
        POLICY,
        "the image is forbidden by a rule",
        "registries.conf blocks the registry, or policy.json rejects the image",
        "the message names the file; its owner can change it",
    ),
    trouble(
        BAD_POLICY,
        "policy.json cannot be obeyed",
        "it is broken, or asks for signatures, which podling does not verify yet: then nothing is pulled",
        "containers-policy.json(5) has the form; insecureAcceptAnything lets an image in",
    ),
    trouble(
        UNSAFE_ROUTE,
        "the registry sends us where it is not safe to go",
        "it leads away from TLS, round in circles, or to a stranger that would get the password",
        "ask its owner; podling does not follow",
    ),
    trouble(
        BAD_ANSWER,
        "the registry gives something else than was asked for",
        "it is no registry, or one with an old format (schema 1), or a document contradicts itself",
        "curl -v https://REGISTRY/v2/ shows what answers",
    ),
    trouble(
        BROKEN_OFF,
        "the connection to the registry broke again and again",
        "the network or a proxy ends it",
        "podling pull again: layers that came whole are not fetched twice; --retry N tries more often",
    ),
    trouble(
        REGISTRY_FAILED,
        "the registry has a trouble of its own",
        "it answers with an error that is not about the image or the login (500 and its kin)",
        "wait, and ask its owner or its page of status",
    ),
];
