//! What is refused before anybody looks at what it asks for.

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderName, ORIGIN};
use hyper::{Request, StatusCode};

use crate::answer::Failure;

/// A page in a browser can send requests to an address of this machine, in the user's name. A browser says where such
/// a request comes from, and no other client does; and when it was led to us by a name that only pretends to be another
/// machine's, it says that name.
// ANCHOR: check
pub(super) fn check(request: &Request<Incoming>, tcp: bool) -> Result<(), Failure> {
    let forbidden = |why: &str| Err(Failure::new(StatusCode::FORBIDDEN, why));
    let headers = request.headers();
    if headers.contains_key(ORIGIN) || headers.contains_key(HeaderName::from_static("sec-fetch-site")) {
        return forbidden("requests of web pages are not answered");
    }
    if tcp && !headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(is_this_machine) {
        return forbidden("the host of the request is not an address of this machine");
    }
    // One way to say what is asked for: what stands between a client and us must not read another request than we do
    // (CVE-2024-41110). That there is one length, the HTTP library sees to.
    if request.uri().authority().is_some() {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "the request names a host in its path"));
    }
    Ok(())
}
// ANCHOR_END: check

/// `localhost`, or an address in digits, with a port or without.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn names_of_other_machines_are_not_ours() {
        let ours = ["localhost", "localhost:80", "127.0.0.1:8080", "[::1]:8080", "::1", "192.0.2.1"];
        let others = ["", "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example:1"];
        assert_eq!(ours.map(is_this_machine), [true; 6]);
        assert_eq!(others.map(is_this_machine), [false; 5]);
    }
}
