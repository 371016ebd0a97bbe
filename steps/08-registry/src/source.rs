//! Where an image is: asked for, found, and not fetched yet.

use images::Digest;
use images::archive::JSON_LIMIT;
use process::{Error, Result, code};

use crate::conf::{Conf, Endpoint};
use crate::manifest::{self, Descriptor, Manifest};
use crate::place::Place;
use crate::session::Session;
use crate::{Options, Progress, auth};

/// An image that a registry has.
pub struct Source {
    /// The conversation with it.
    pub session: Session,
    /// Of the manifest.
    pub digest: Digest,
    /// The manifest, as it is.
    pub manifest: Vec<u8>,
    /// The list in which it was.
    pub list: Option<Vec<u8>>,
    /// Its configuration.
    pub config: Descriptor,
    /// Its layers, lowest first.
    pub layers: Vec<Descriptor>,
}

/// Asks the mirrors, then the registry itself.
///
/// # Errors
/// When none of them has it.
pub fn open(conf: &Conf, place: &Place, options: &Options, progress: &dyn Progress) -> Result<Source> {
    let failed = |error: Error| Error::within(format!("initializing source docker://{}", place.name()), error);
    let mut mirrors = Vec::new();
    let endpoints = conf.endpoints(place).map_err(failed)?;
    for (at, endpoint) in endpoints.iter().enumerate() {
        match open_endpoint(conf, endpoint, options, progress) {
            Ok(source) => return Ok(source),
            Err(error) if at + 1 < endpoints.len() => mirrors.push(format!("[{}: {error}]", endpoint.place.name())),
            Err(error) if mirrors.is_empty() => return Err(failed(error)),
            Err(error) => {
                let mirrors = mirrors.join(" ");
                return Err(failed(Error::within(format!("(Mirrors also failed: {mirrors})"), error)));
            }
        }
    }
    Err(failed(Error::new("there is nobody to ask").code(code::NO_REGISTRY)))
}

// ANCHOR: open
fn open_endpoint(conf: &Conf, endpoint: &Endpoint, options: &Options, progress: &dyn Progress) -> Result<Source> {
    let place = &endpoint.place;
    let credentials = auth::find(conf, options, &place.repository())?;
    let session = Session::open(endpoint, credentials, options, progress)?;
    let fetch = |reference: &str| {
        let url = session.url(&format!("manifests/{reference}"))?;
        session.again(progress, || session.document(&url, manifest::ACCEPT, JSON_LIMIT)).map_err(|error| {
            let closed = error.to_string().starts_with("unauthorized") && !session.has_credentials();
            let error = Error::within(format!("reading manifest {reference} in {}", place.repository()), error);
            if closed { error.hint(format!("podling login {}", place.registry)) } else { error }
        })
    };
    let (mut bytes, kind) = fetch(&place.reference())?;
    let mut digest = Digest::of(&bytes);
    check(place.digest.as_ref(), &digest)?;
    let mut list = None;
    let mut document = Manifest::parse(&bytes, &kind)?;
    if let Manifest::List(entries) = &document {
        let chosen = manifest::choose(entries, options)?;
        let wanted = chosen.digest()?;
        let (image, kind) = fetch(&wanted.to_string())?;
        digest = Digest::of(&image);
        check(Some(&wanted), &digest)?;
        document = Manifest::parse(&image, &kind)?;
        list = Some(std::mem::replace(&mut bytes, image));
    }
    match document {
        Manifest::Image { config, layers } => Ok(Source { session, digest, manifest: bytes, list, config, layers }),
        Manifest::List(_) => Err(Error::new(format!("{digest} is not an image manifest")).code(code::BAD_ANSWER)),
    }
}
// ANCHOR_END: open

fn check(wanted: Option<&Digest>, is: &Digest) -> Result<()> {
    match wanted {
        Some(wanted) if wanted != is => {
            Err(Error::new(format!("manifest has digest {is}, expected {wanted}")).code(code::WRONG_DIGEST))
        }
        _ => Ok(()),
    }
}
