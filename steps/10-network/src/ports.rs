//! Published ports, as a person or a program reads them.

use std::net::IpAddr;

use process::{Error, Result, code};
use serde_json::{Map, Value, json};

use crate::{Exposed, Network, Port};

/// The column PORTS of `ps`: `0.0.0.0:8080-8081->80-81/tcp, 127.0.0.1:53->53/udp`, and `90/tcp` for what is only
/// exposed.
// ANCHOR: column
#[must_use]
pub fn column(network: &Network) -> String {
    let mut parts = Vec::new();
    for range in ranges(&network.ports) {
        let (first, last) = (&range[0], &range[range.len() - 1]);
        let (host, container) =
            (span(first.host_port, last.host_port), span(first.container_port, last.container_port));
        parts.push(format!("{}:{host}->{container}/{}", first.address(), first.protocol));
    }
    parts.extend(unpublished(network).map(ToString::to_string));
    parts.join(", ")
}
// ANCHOR_END: column

/// Neighbours in one piece, in the order that they have.
pub(crate) fn ranges(ports: &[Port]) -> impl Iterator<Item = &[Port]> {
    ports.chunk_by(|one, next| {
        let follows = |one: u16, next: u16| one.checked_add(1) == Some(next);
        (one.host_ip, one.protocol) == (next.host_ip, next.protocol)
            && follows(one.host_port, next.host_port)
            && follows(one.container_port, next.container_port)
    })
}

/// `FIRST-LAST`, or the one.
fn span(first: u16, last: u16) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

fn unpublished(network: &Network) -> impl Iterator<Item = &Exposed> {
    let published =
        |e: &&Exposed| network.ports.iter().any(|port| (port.container_port, port.protocol) == (e.port, e.protocol));
    network.exposed.iter().filter(move |exposed| !published(exposed))
}

/// `NetworkSettings.Ports` of `inspect`: by the container's port the host's, null for what is only exposed.
#[must_use]
pub fn settings(network: &Network) -> Value {
    let mut all = bindings(network);
    if let Some(all) = all.as_object_mut() {
        all.extend(unpublished(network).map(|exposed| (exposed.to_string(), Value::Null)));
    }
    all
}

/// `HostConfig.PortBindings` of `inspect`: the published ones.
#[must_use]
pub fn bindings(network: &Network) -> Value {
    let mut all = Map::new();
    for port in &network.ports {
        let host = json!({ "HostIp": port.address().to_string(), "HostPort": port.host_port.to_string() });
        let list = all.entry(key(port)).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(host);
        }
    }
    Value::Object(all)
}

/// The lines of `port CONTAINER`: `80/tcp -> 0.0.0.0:8080`; with the container's port named (`80`, `80/udp`) only where
/// the host listens for it.
///
/// # Errors
/// In Podman's words, when that one is not published.
pub fn lines(network: &Network, asked: Option<&str>) -> Result<Vec<String>> {
    let Some(asked) = asked else {
        return Ok(network.ports.iter().map(|port| format!("{} -> {}", key(port), host(port))).collect());
    };
    let wanted = match asked.contains('/') {
        true => asked.to_ascii_lowercase(),
        false => format!("{asked}/tcp"),
    };
    // ANCHOR: code
    let found: Vec<String> = network.ports.iter().filter(|port| key(port) == wanted).map(host).collect();
    match found.is_empty() {
        true => Err(Error::new(format!("failed to find published port {asked:?}")).code(code::NOT_PUBLISHED)),
        false => Ok(found),
    }
    // ANCHOR_END: code
}

fn key(port: &Port) -> String {
    format!("{}/{}", port.container_port, port.protocol)
}

fn host(port: &Port) -> String {
    match port.address() {
        IpAddr::V6(address) => format!("[{address}]:{}", port.host_port),
        IpAddr::V4(address) => format!("{address}:{}", port.host_port),
    }
}
