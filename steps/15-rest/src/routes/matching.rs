//! Which route a path is.

use crate::query::decode;

/// Parts of a path, decoded, and the names that stand at its places.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// Below `/libpod`.
    pub libpod: bool,
    /// The first number of the version, when there is one.
    pub version: Option<u32>,
    /// With `libpod` in front, when it is there.
    parts: Vec<String>,
}

impl Path {
    /// Takes a path apart: `/v1.41/containers/a%2Fb/json`, the version may be missing. `None` when it cannot be one.
    // ANCHOR: path
    pub fn parse(path: &str) -> Option<Path> {
        let mut parts = Vec::new();
        for part in path.strip_prefix('/')?.split('/') {
            // Decoded after it was taken apart: a slash in a name does not make two parts. And a name is text.
            let part = decode(part)?;
            if part == "." || part == ".." || part.chars().any(char::is_control) {
                return None;
            }
            parts.push(part);
        }
        let mut version = None;
        if parts.first().is_some_and(|part| is_version(part)) {
            let number = parts.remove(0);
            version = number[1..].split('.').next().and_then(|number| number.parse().ok());
        }
        if parts.len() > 1 && parts.last().is_some_and(String::is_empty) {
            parts.pop();
        }
        Some(Path { libpod: parts.first().is_some_and(|part| part == "libpod"), version, parts })
    }
    // ANCHOR_END: path

    /// The names at the places of `pattern`, if it is this path; and how well it fits: by its words, and to its end.
    pub fn fits(&self, pattern: &str) -> Option<(usize, Vec<String>)> {
        let pattern: Vec<&str> = pattern.trim_start_matches('/').split('/').collect();
        let place = |part: &str| part.starts_with('{');
        if pattern.last() == Some(&"*") {
            let words = pattern.len() - 1;
            let fits = self.parts.len() >= words && pattern[..words].iter().zip(&self.parts).all(|(a, b)| a == b);
            return fits.then(|| (2 * words, Vec::new()));
        }
        // The name of an image has slashes in it: its place takes all parts that are left.
        let spare = self.parts.len().checked_sub(pattern.len())?;
        if spare > 0 && !pattern.iter().any(|part| ["images", "manifests", "artifacts", "distribution"].contains(part))
        {
            return None;
        }
        let (mut at, mut words, mut names) = (0, 0, Vec::new());
        for part in pattern {
            if place(part) {
                let more = if names.is_empty() { spare } else { 0 };
                let name = self.parts[at..=at + more].join("/");
                if name.is_empty() {
                    return None;
                }
                names.push(name);
                at += 1 + more;
            } else if self.parts.get(at).is_some_and(|known| known == part) {
                at += 1;
                words += 1;
            } else {
                return None;
            }
        }
        (at == self.parts.len()).then_some((2 * words + 1, names))
    }
}

/// `v1.41`, `v5.0.0`.
fn is_version(part: &str) -> bool {
    let rest = part.strip_prefix('v').unwrap_or_default();
    rest.starts_with(|c: char| c.is_ascii_digit())
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, pattern: &str) -> Option<Vec<String>> {
        Path::parse(path)?.fits(pattern).map(|(_, names)| names)
    }

    #[test]
    fn with_a_version_and_without() {
        for path in ["/containers/web/json", "/v1.41/containers/web/json", "/v1.41/containers/web/json/"] {
            assert_eq!(names(path, "/containers/{name}/json"), Some(vec!["web".to_string()]), "{path}");
        }
        assert!(Path::parse("/v5.0.0/libpod/info").is_some_and(|path| path.libpod));
        assert!(Path::parse("/info").is_some_and(|path| !path.libpod));
    }

    #[test]
    fn an_image_has_slashes() {
        let image = Some(vec!["docker.io/library/nginx:1".to_string()]);
        assert_eq!(names("/v1.41/images/docker.io/library/nginx:1/json", "/images/{name}/json"), image);
        assert_eq!(names("/images/docker.io%2Flibrary%2Fnginx:1", "/images/{name}"), image);
        assert_eq!(names("/containers/a/b/json", "/containers/{name}/json"), None);
        let tree = Some(vec!["a/b".to_string(), "c".to_string()]);
        assert_eq!(names("/libpod/manifests/a/b/registry/c", "/libpod/manifests/{name}/registry/{destination}"), tree);
    }

    #[test]
    fn what_is_no_path() {
        for path in
            ["", "x", "/containers/../json", "/containers/%2e%2e/json", "/containers/a%00b/json", "/a%0d%0ab", "/%ff"]
        {
            assert_eq!(Path::parse(path), None, "{path}");
        }
        for path in ["/containers//json", "/containers/json", "/", "/containers/web/json/more"] {
            assert_eq!(names(path, "/containers/{name}/json"), None, "{path}");
        }
    }
}
