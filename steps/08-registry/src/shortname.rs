//! What a name means: itself, when it names a registry; else what an alias or a list of registries says.

use std::io::IsTerminal;

use images::reference::Reference;
use process::{Error, Result, code};

use crate::conf::Conf;
use crate::place::Place;

/// What a name without a registry was taken for, and the places that it can mean.
#[derive(Debug)]
pub struct Resolved {
    /// The first one first.
    pub places: Vec<Place>,
    /// A line that says how.
    pub how: Option<String>,
}

/// Resolves `name` for a pull.
///
/// # Errors
/// When it is no name, or means nothing.
pub fn resolve(conf: &Conf, name: &str) -> Result<Resolved> {
    let name = without_transport(name)?;
    let reference = Reference::parse(name)?;
    if let Some(domain) = reference.domain() {
        return Ok(Resolved { places: vec![place(domain, reference.path(), &reference)], how: None });
    }
    if let Some((full, path)) = conf.aliases.get(reference.path()) {
        let alias = Reference::parse(full)?;
        let domain = alias.domain().ok_or_else(|| {
            Error::new(format!("alias {full:?} of {:?} in {} names no registry", reference.path(), path.display()))
                .code(code::SHORT_NAME)
        })?;
        let how = format!("Resolved {:?} as an alias ({})", reference.path(), path.display());
        return Ok(Resolved { places: vec![place(domain, alias.path(), &reference)], how: Some(how) });
    }
    let conf_path = conf.path.display();
    if conf.search.is_empty() {
        return Err(Error::new(format!(
            "short-name {name:?} did not resolve to an alias and no unqualified-search registries are defined in \
             \"{conf_path}\""
        ))
        .hint(format!("say which registry: docker.io/library/{name}, quay.io/..."))
        .code(code::SHORT_NAME));
    }
    if conf.search.len() > 1 && conf.mode.as_deref() == Some("enforcing") {
        let why = match std::io::stdin().is_terminal() {
            true => "short-name resolution enforced, and the name fits several registries",
            false => "short-name resolution enforced but cannot prompt without a TTY",
        };
        return Err(Error::new(why)
            .hint(format!("say which registry: {}/{name}", conf.search.join(", ")))
            .code(code::SHORT_NAME));
    }
    Ok(Resolved {
        places: conf.search.iter().map(|domain| place(domain, reference.path(), &reference)).collect(),
        how: Some(format!("Resolving {name:?} using unqualified-search registries ({conf_path})")),
    })
}

/// The full names by which the store may know what `name` means, beside those that it tries by itself.
pub fn local_names(conf: &Conf, name: &str) -> Vec<String> {
    let places = resolve(conf, name).map(|resolved| resolved.places).unwrap_or_default();
    places.iter().map(Place::name).collect()
}

/// Names may say how to get there; only registries can be asked.
fn without_transport(name: &str) -> Result<&str> {
    for transport in ["docker-archive:", "docker-daemon:", "oci-archive:", "oci:", "dir:", "containers-storage:"] {
        if name.starts_with(transport) && Reference::parse(name).is_err() {
            return Err(Error::new(format!("{name}: pulling from {transport} is not supported yet"))
                .code(code::NOT_THERE_YET)
                .hint("archives are loaded by: load -i FILE"));
        }
    }
    Ok(name.strip_prefix("docker://").unwrap_or(name))
}

fn place(domain: &str, path: &str, reference: &Reference) -> Place {
    let registry = if domain == "index.docker.io" { "docker.io" } else { domain };
    let path = match registry == "docker.io" && !path.contains('/') {
        true => format!("library/{path}"),
        false => path.to_string(),
    };
    Place {
        registry: registry.to_string(),
        path,
        tag: reference.tag().unwrap_or("latest").to_string(),
        digest: reference.digest().cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(conf: &Conf, name: &str) -> String {
        match resolve(conf, name) {
            Ok(resolved) => resolved.places.iter().map(Place::name).collect::<Vec<_>>().join(", "),
            Err(error) => error.to_string().lines().next().unwrap_or_default().to_string(),
        }
    }

    #[test]
    fn names_mean_what_the_files_say() {
        let mut conf = Conf::default();
        conf.path = "R".into();
        assert_eq!(meant(&conf, "docker.io/nginx"), "docker.io/library/nginx:latest");
        assert_eq!(meant(&conf, "docker://index.docker.io/a/b:1"), "docker.io/a/b:1");
        assert_eq!(meant(&conf, "[::1]:5000/a"), "[::1]:5000/a:latest");
        let missing =
            "short-name \"a\" did not resolve to an alias and no unqualified-search registries are defined in \"R\"";
        assert_eq!(meant(&conf, "a"), missing);
        conf.search = vec!["one.example".into(), "docker.io".into()];
        assert_eq!(meant(&conf, "a:2"), "one.example/a:2, docker.io/library/a:2");
        conf.aliases.insert("a".into(), ("quay.io/x/a".into(), "A".into()));
        assert_eq!(meant(&conf, "a:2"), "quay.io/x/a:2");
        conf.mode = Some("enforcing".into());
        assert_eq!(meant(&conf, "b"), "short-name resolution enforced but cannot prompt without a TTY");
        assert_eq!(meant(&conf, "oci:/tmp/x"), "oci:/tmp/x: pulling from oci: is not supported yet");
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(meant(&conf, &format!("a:2@{digest}")), format!("quay.io/x/a@{digest}"));
    }
}
