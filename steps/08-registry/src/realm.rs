//! Who may be told a password: the registry says where tokens are, and a registry may lie.

use std::net::IpAddr;

use process::{Error, Result, code};

use crate::url::Url;

/// Whether a token may be asked for at `realm`, because the registry at `base` says so.
///
/// # Errors
/// When it must not.
// ANCHOR: check
pub fn check(base: &Url, realm: &Url, with_password: bool) -> Result<()> {
    let refused = |why: &str| {
        Error::new(format!("{} sends us for a token to {}, {why}", base.authority, realm.authority))
            .code(code::UNSAFE_ROUTE)
    };
    if base.https && !realm.https {
        return Err(refused("without TLS"));
    }
    if base.host() == realm.host() {
        return Ok(());
    }
    if is_inside(realm.host()) {
        return Err(refused("an address that only this machine's network has"));
    }
    // registry-1.docker.io and auth.docker.io are of one family; who else asks for a password gets none.
    if with_password && family(base.host()) != family(realm.host()) {
        return Err(refused("which is not of its domain, and would get the password there"));
    }
    Ok(())
}
// ANCHOR_END: check

fn address(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

/// Loopback, and link-local addresses, where clouds keep their machines' keys.
pub fn is_inside(host: &str) -> bool {
    match address(host) {
        Some(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local() || address.is_unspecified(),
        Some(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unicast_link_local()
                || address.to_ipv4_mapped().is_some()
        }
        None => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// The end of a host name that one owner has: two labels, or three under what looks like `co.uk`.
fn family(host: &str) -> &str {
    if address(host).is_some() {
        return host;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let count = match labels.as_slice() {
        [.., second, top] if top.len() == 2 && second.len() <= 3 => 3,
        _ => 2,
    };
    let kept: usize = labels.iter().rev().take(count).map(|label| label.len() + 1).sum();
    host.get((host.len() + 1).saturating_sub(kept)..).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_stays_in_the_family() {
        let ask = |base: &str, realm: &str, password: bool| {
            check(&Url::parse(base).unwrap(), &Url::parse(realm).unwrap(), password).is_ok()
        };
        assert!(ask("https://registry-1.docker.io/", "https://auth.docker.io/token", true));
        assert!(ask("https://git.example:5050/", "https://git.example/jwt", true));
        assert!(!ask("https://git.example:5050/", "http://git.example/jwt", true));
        assert!(!ask("https://registry.example/", "https://other.test/", true));
        assert!(ask("https://registry.example/", "https://other.test/", false));
        assert!(!ask("https://a.co.uk/", "https://b.co.uk/", true));
        assert!(!ask("https://registry.example/", "https://169.254.169.254/", false));
        assert!(!ask("http://127.0.0.1:5000/", "http://127.0.0.2:5000/", true));
        assert!(!ask("http://registry.example/", "http://[::ffff:169.254.169.254]/", false));
        assert!(ask("http://127.0.0.1:5000/", "http://127.0.0.1:5001/token", true));
    }
}
