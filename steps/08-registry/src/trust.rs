//! policy.json: which images are taken at all. containers-policy.json(5).

use std::collections::BTreeMap;
use std::path::PathBuf;

use process::{Error, Result, code};
use serde::Deserialize;

use crate::place::{self, Place};

const SYSTEM: &str = "/etc/containers/policy.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    default: Vec<Requirement>,
    #[serde(default)]
    transports: BTreeMap<String, BTreeMap<String, Vec<Requirement>>>,
}

#[derive(Deserialize)]
struct Requirement {
    r#type: String,
}

/// Whether the policy lets an image in, before anything of it is fetched. Without a policy every image is.
///
/// # Errors
/// When it does not, or wants a signature.
pub fn check(place: &Place) -> Result<()> {
    let user = place::user_config().map(|dir| dir.join("policy.json"));
    for path in user.into_iter().chain([PathBuf::from(SYSTEM)]) {
        if let Some(text) = place::read(&path)? {
            let document: Document = serde_json::from_str(&text).map_err(|error| {
                Error::because(format!("invalid policy in {:?}", path.display()), error).code(code::BAD_POLICY)
            })?;
            return document.check(place);
        }
    }
    Ok(())
}

impl Document {
    fn check(&self, place: &Place) -> Result<()> {
        let docker = self.transports.get("docker");
        let scoped = docker.and_then(|scopes| scopes_of(place).iter().find_map(|scope| scopes.get(scope)));
        let requirements = scoped.unwrap_or(&self.default);
        let name = format!("docker://{}", place.name());
        if requirements.is_empty() {
            return Err(Error::new("List of verification policy requirements must not be empty").code(code::BAD_POLICY));
        }
        for requirement in requirements {
            match requirement.r#type.as_str() {
                "insecureAcceptAnything" => {}
                "reject" => {
                    return Err(Error::new(format!(
                        "Source image rejected: Running image {name} is rejected by policy."
                    ))
                    .code(code::POLICY));
                }
                kind @ ("signedBy" | "signedBaseLayer" | "sigstoreSigned") => {
                    return Err(Error::new(format!(
                        "policy.json wants {name} to be {kind}, which is not supported yet"
                    ))
                    .code(code::BAD_POLICY));
                }
                kind => {
                    return Err(Error::new(format!("policy.json has a requirement of unknown type {kind:?}"))
                        .code(code::BAD_POLICY));
                }
            }
        }
        Ok(())
    }
}

/// What the policy may call an image, the narrowest first: itself, its repository, what that is below, the host,
/// the host's domains, everything of registries.
fn scopes_of(place: &Place) -> Vec<String> {
    let mut scopes = vec![place.name()];
    let mut at = place.repository();
    loop {
        scopes.push(at.clone());
        match at.rsplit_once('/') {
            Some((before, _)) => at = before.to_string(),
            None => break,
        }
    }
    let mut host = place.registry.split(':').next().unwrap_or_default();
    while let Some((_, domain)) = host.split_once('.') {
        scopes.push(format!("*.{domain}"));
        host = domain;
    }
    scopes.push(String::new());
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_scope_decides() {
        let policy = r#"{"default":[{"type":"reject"}],"transports":{"docker":{
            "example.com/good":[{"type":"insecureAcceptAnything"}],
            "example.com/good/bad:1":[{"type":"reject"}],
            "*.trusted.example":[{"type":"insecureAcceptAnything"}],
            "signed.example":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k"}]},
            "docker-archive":{"":[{"type":"insecureAcceptAnything"}]}}}"#;
        let document: Document = serde_json::from_str(policy).unwrap();
        let ask = |registry: &str, path: &str, tag: &str| {
            let place = Place { registry: registry.into(), path: path.into(), tag: tag.into(), digest: None };
            document.check(&place).map_or_else(|error| error.to_string(), |()| "taken".to_string())
        };
        assert_eq!(ask("example.com", "good/x", "1"), "taken");
        assert_eq!(
            ask("example.com", "good/bad", "1"),
            "Source image rejected: Running image docker://example.com/good/bad:1 is rejected by policy."
        );
        assert_eq!(ask("example.com", "good/bad", "2"), "taken");
        assert!(ask("example.com", "x", "1").contains("rejected"));
        assert_eq!(ask("a.b.trusted.example", "x", "1"), "taken");
        assert_eq!(
            ask("signed.example", "x", "1"),
            "policy.json wants docker://signed.example/x:1 to be signedBy, which is not supported yet"
        );
    }
}
