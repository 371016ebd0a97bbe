//! pasta(1): a process beside the container that has one end in the host's network, as an ordinary program with sockets,
//! and the other in the container's, as a network card.

mod arguments;
mod attached;
mod coming;
mod failure;
mod program;
mod start;
mod word;

use std::net::IpAddr;

pub use attached::Attached;
pub use start::Starting;

/// Where the container finds the host, with a pasta that can show it there.
pub(crate) const HOST: &str = "169.254.1.2";

/// The values that `name` has among options of pasta, each either behind it or behind a `=`.
pub(crate) fn values(options: &[String], name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = options.iter();
    while let Some(word) = words.next() {
        if word == name {
            found.extend(words.next().cloned());
        } else if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            found.push(value.to_string());
        }
    }
    found
}

/// Where a container finds the host, by the options and abilities of pasta.
pub(crate) fn host_address(options: &[String]) -> Option<IpAddr> {
    match values(options, "--map-guest-addr").first() {
        Some(asked) => asked.parse().ok(),
        None => program::find().ok().filter(|program| program.maps_guest).and_then(|_| HOST.parse().ok()),
    }
}

/// The address that the options give the container.
pub(crate) fn own_address(options: &[String]) -> Option<IpAddr> {
    let given = [values(options, "--address"), values(options, "-a")].concat();
    given.first().and_then(|address| address.parse().ok())
}
