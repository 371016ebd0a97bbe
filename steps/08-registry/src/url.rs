//! Addresses, as far as registries use them: scheme, host with its port, path with its query.

use process::{Error, Result, code};

/// An `http` or `https` address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub https: bool,
    /// `host[:port]`, in lower case.
    pub authority: String,
    /// From the first slash, with the query.
    pub path: String,
}

impl Url {
    /// Parses an absolute address.
    ///
    /// # Errors
    /// When it is none, has another scheme, or carries a password.
    pub fn parse(text: &str) -> Result<Url> {
        let bad = || Error::new(format!("invalid URL {text:?}")).code(code::BAD_ANSWER);
        let (https, rest) = match text.split_once("://").ok_or_else(bad)? {
            (scheme, rest) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            (scheme, rest) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return Err(bad()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        if authority.is_empty() || !authority.bytes().all(plain) || path.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(bad());
        }
        let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        Ok(Url { https, authority: authority.to_ascii_lowercase(), path })
    }

    /// The address that a `Location` header means here.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn join(&self, location: &str) -> Result<Url> {
        if location.contains("://") {
            return Url::parse(location);
        }
        let scheme = if self.https { "https" } else { "http" };
        match location {
            _ if location.starts_with("//") => Url::parse(&format!("{scheme}:{location}")),
            _ if location.starts_with('/') => Url::parse(&format!("{scheme}://{}{location}", self.authority)),
            _ => {
                let base =
                    self.path.split('?').next().and_then(|path| path.rsplit_once('/')).map_or("", |(dir, _)| dir);
                Url::parse(&format!("{scheme}://{}{base}/{location}", self.authority))
            }
        }
    }

    /// With one more query parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Url {
        self.path.push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(&format!("{name}={}", encode(value)));
        self
    }

    /// The host, without its port.
    pub fn host(&self) -> &str {
        match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => host,
            _ => &self.authority,
        }
    }

    /// Whether both are the same server: scheme, host and port.
    pub fn same_origin(&self, other: &Url) -> bool {
        let port = |url: &Url| match url.authority.rsplit_once(':') {
            Some((_, port)) if !port.contains(']') => port.to_string(),
            _ => if url.https { "443" } else { "80" }.to_string(),
        };
        self.https == other.https && self.host() == other.host() && port(self) == port(other)
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", if self.https { "https" } else { "http" }, self.authority, self.path)
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_lead_where_browsers_would_go() {
        let base = Url::parse("https://A.example:5000/v2/x/blobs/y?z=1").unwrap();
        let to = |location: &str| base.join(location).map_or_else(|error| error.to_string(), |url| url.to_string());
        assert_eq!(to("/v2/"), "https://a.example:5000/v2/");
        assert_eq!(to("other"), "https://a.example:5000/v2/x/blobs/other");
        assert_eq!(to("//b.example/q"), "https://b.example/q");
        assert_eq!(to("HTTP://c.example?q=1"), "http://c.example/?q=1");
        assert_eq!(to("http://user:word@c.example/"), "invalid URL \"http://user:word@c.example/\"");
        assert_eq!(to("file:///etc/passwd"), "invalid URL \"file:///etc/passwd\"");
        assert_eq!(to("http://c.example/a\r\nX: y"), "invalid URL \"http://c.example/a\\r\\nX: y\"");
        let same = |text: &str| base.same_origin(&Url::parse(text).unwrap());
        assert_eq!(
            [same("https://a.example:5000/"), same("https://a.example/"), same("http://a.example:5000/")],
            [true, false, false]
        );
        assert!(Url::parse("https://a/").unwrap().same_origin(&Url::parse("https://a:443/").unwrap()));
        assert_eq!(Url::parse("http://[::1]:5000/").unwrap().host(), "[::1]");
    }
}
