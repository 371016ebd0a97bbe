//! Manifests and lists of them: OCI image spec (manifest.md, image-index.md) and Docker's schema 2.

use images::Digest;
use images::archive::JSON_LIMIT;
use process::{Error, Result, code};
use serde::Deserialize;

use crate::Options;
use crate::answer::plain;

/// What we ask for.
pub const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";
const LISTS: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const MANIFESTS: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

/// A document by its digest and length.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    #[serde(default)]
    pub media_type: String,
    /// `sha256:...`; not checked yet.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// Of an entry of a list.
    pub platform: Option<Platform>,
}

impl Descriptor {
    /// The digest, checked: it becomes part of addresses and paths.
    ///
    /// # Errors
    /// When it is none.
    pub fn digest(&self) -> Result<Digest> {
        Digest::parse(&self.digest)
    }
}

/// Where an image runs, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(default)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: String,
}

/// A document that is a manifest or a list; one that is both is refused (CVE-2021-41190). A field that occurs twice
/// is an error of the parser.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: Option<u32>,
    media_type: Option<String>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

/// What was found under a name.
#[derive(Debug)]
pub enum Manifest {
    /// One image.
    Image {
        /// Its configuration.
        config: Descriptor,
        /// Its layers, lowest first.
        layers: Vec<Descriptor>,
    },
    /// One for each platform.
    List(Vec<Descriptor>),
}

impl Manifest {
    /// Parses a document; `kind` is the media type by which it came.
    ///
    /// # Errors
    /// When it is neither, or not what it was said to be.
    // ANCHOR: parse
    pub fn parse(bytes: &[u8], kind: &str) -> Result<Manifest> {
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| Error::because("parsing a manifest", error).code(code::BAD_ANSWER))?;
        if document.schema_version == Some(1) {
            return Err(
                Error::new("the image is in Docker's format of schema 1, which has ended").code(code::BAD_ANSWER)
            );
        }
        let known = |kind: &str| LISTS.contains(&kind) || MANIFESTS.contains(&kind);
        let said = document.media_type.as_deref().unwrap_or(kind);
        if known(kind) && said != kind {
            return Err(
                Error::new(format!("manifest came as {kind} and says it is {}", plain(said))).code(code::BAD_ANSWER)
            );
        }
        match document {
            Document { manifests: Some(entries), config: None, layers: None, .. } if !MANIFESTS.contains(&said) => {
                Ok(Manifest::List(entries))
            }
            Document { manifests: None, config: Some(config), layers: Some(layers), .. } if !LISTS.contains(&said) => {
                Ok(Manifest::Image { config, layers })
            }
            Document { manifests: Some(_), .. } => {
                Err(Error::new("a document is a list and a manifest at once").code(code::BAD_ANSWER))
            }
            _ => Err(Error::new(format!("unsupported manifest of type {:?}", plain(said))).code(code::BAD_ANSWER)),
        }
    }
    // ANCHOR_END: parse
}

/// The entry of a list for this machine, or for what `options` ask for.
///
/// # Errors
/// When there is none.
pub fn choose<'a>(entries: &'a [Descriptor], options: &Options) -> Result<&'a Descriptor> {
    let os = options.os.as_deref().unwrap_or("linux");
    let (own, own_variants) = machine();
    let arch = options.arch.as_deref().unwrap_or(own);
    let mut variants: Vec<&str> = match &options.variant {
        Some(variant) => vec![variant],
        None if arch == own => own_variants.to_vec(),
        None => Vec::new(),
    };
    if options.variant.is_none() {
        variants.push("");
    }
    let fits = |entry: &&Descriptor, variant: &str| {
        entry
            .platform
            .as_ref()
            .is_some_and(|platform| platform.os == os && platform.architecture == arch && platform.variant == variant)
    };
    let chosen = variants.iter().find_map(|variant| entries.iter().find(|entry| fits(entry, variant)));
    // One that says more than was asked for is better than none.
    let any = || {
        let of_arch = |platform: &Platform| platform.os == os && platform.architecture == arch;
        let asked = options.variant.is_none() && arch != own;
        entries.iter().find(|entry| asked && entry.platform.as_ref().is_some_and(of_arch))
    };
    let chosen = chosen.or_else(any).ok_or_else(|| {
        let variant = options.variant.as_deref().unwrap_or_default();
        Error::new(format!("no image found in image index for architecture {arch:?}, variant {variant:?}, OS {os:?}"))
            .code(code::NO_PLATFORM)
    })?;
    if chosen.size > JSON_LIMIT || LISTS.contains(&chosen.media_type.as_str()) {
        return Err(Error::new(format!("{} is not an image manifest", plain(&chosen.digest))).code(code::BAD_ANSWER));
    }
    Ok(chosen)
}

/// The architecture that is wanted, in Go's words.
pub fn architecture(options: &Options) -> &str {
    options.arch.as_deref().unwrap_or(machine().0)
}

/// This machine's architecture in Go's words, and its variants, the best one first.
fn machine() -> (&'static str, &'static [&'static str]) {
    match std::env::consts::ARCH {
        "x86_64" => ("amd64", &[]),
        "x86" => ("386", &[]),
        "aarch64" => ("arm64", &["v8"]),
        "arm" => ("arm", &["v7", "v6", "v5"]),
        "powerpc64" => ("ppc64le", &[]),
        other => (other, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, kind: &str) -> String {
        match Manifest::parse(text.as_bytes(), kind) {
            Ok(Manifest::Image { layers, .. }) => format!("image, {} layers", layers.len()),
            Ok(Manifest::List(entries)) => format!("list of {}", entries.len()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_document_is_what_it_was_sent_as() {
        let one = r#"{"digest":"d","size":1}"#;
        let image = format!(r#"{{"schemaVersion":2,"config":{one},"layers":[{one}]}}"#);
        let list = format!(r#"{{"schemaVersion":2,"manifests":[{one}]}}"#);
        let both = format!(r#"{{"manifests":[{one}],"config":{one},"layers":[]}}"#);
        let twice = format!(r#"{{"layers":[],"config":{one},"layers":[{one}]}}"#);
        let typed = format!(r#"{{"mediaType":"{}","config":{one},"layers":[]}}"#, MANIFESTS[1]);
        assert_eq!(parsed(&image, MANIFESTS[0]), "image, 1 layers");
        assert_eq!(parsed(&image, "text/plain"), "image, 1 layers");
        assert_eq!(parsed(&image, LISTS[0]), format!("unsupported manifest of type {:?}", LISTS[0]));
        assert_eq!(parsed(&list, LISTS[1]), "list of 1");
        assert_eq!(parsed(&list, MANIFESTS[0]), "a document is a list and a manifest at once");
        assert_eq!(parsed(&both, LISTS[0]), "a document is a list and a manifest at once");
        assert_eq!(parsed(&twice, MANIFESTS[0]), "parsing a manifest: duplicate field `layers` at line 1 column 54");
        assert_eq!(
            parsed(&typed, MANIFESTS[0]),
            format!("manifest came as {} and says it is {}", MANIFESTS[0], MANIFESTS[1])
        );
        assert_eq!(
            parsed(r#"{"schemaVersion":1,"name":"x"}"#, ""),
            "the image is in Docker's format of schema 1, which has ended"
        );
    }

    #[test]
    fn the_platform_chooses() {
        let entry = |platform: &str, digest: &str| {
            let words: Vec<&str> = platform.split('/').collect();
            let word = |at: usize| words.get(at).copied().unwrap_or_default().to_string();
            Descriptor {
                media_type: String::new(),
                digest: digest.into(),
                size: 1,
                platform: Some(Platform { os: word(0), architecture: word(1), variant: word(2) }),
            }
        };
        let entries = [entry("linux/arm/v6", "six"), entry("linux/arm/v7", "seven"), entry("unknown/unknown", "no")];
        let ask = |platform: &str| {
            let mut options = Options::default();
            options.platform(platform).unwrap();
            choose(&entries, &options).map_or_else(|error| error.to_string(), |entry| entry.digest.clone())
        };
        assert_eq!(ask("linux/arm/v7"), "seven");
        assert_eq!(ask("linux/arm"), "six");
        assert_eq!(
            ask("linux/arm64"),
            "no image found in image index for architecture \"arm64\", variant \"\", OS \"linux\""
        );
    }
}
