//! Names that are known without asking: `--add-host`, `--no-hosts`, and `/etc/hosts` (hosts(5)).

use std::fs;
use std::net::{IpAddr, UdpSocket};

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

use crate::{Mode, Network, pasta};

/// Names of one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// What it is called.
    pub names: Vec<String>,
    /// The address; `None` for the host's, as the container reaches it (`host-gateway`).
    pub address: Option<IpAddr>,
}

impl Host {
    /// Reads `NAME[;NAME...]:ADDRESS`.
    ///
    /// # Errors
    /// In Podman's words, when it is something else.
    pub fn parse(text: &str) -> Result<Host> {
        let wrong = || Error::new(format!("bad format for add-host: {text:?}")).code(code::BAD_DNS);
        let (names, address) = text.split_once(':').filter(|(names, _)| !names.is_empty()).ok_or_else(wrong)?;
        let names: Vec<String> = names.split(';').map(str::to_owned).collect();
        // A line more in the file would be another host.
        if names
            .iter()
            .any(|name| name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#'))
        {
            return Err(wrong());
        }
        let address =
            match address {
                "host-gateway" => None,
                text => Some(unbracketed(text).parse().map_err(|_| {
                    Error::new(format!("invalid IP address in add-host: {text:?}")).code(code::BAD_DNS)
                })?),
            };
        Ok(Host { names, address })
    }
}

fn unbracketed(text: &str) -> &str {
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text)
}

/// What the command line says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hosts {
    /// `--add-host`.
    pub added: Vec<Host>,
    /// `--no-hosts`: the image's file stays.
    pub from_image: bool,
}

/// Who the host is to the container.
const HOST_NAMES: [&str; 2] = ["host.containers.internal", "host.docker.internal"];

impl Network {
    /// What `/etc/hosts` says in the container; `None` when the image's file stays.
    ///
    /// # Errors
    /// When the host is asked for by name, and cannot be reached.
    pub fn hosts(&self, hostname: &str, name: &str) -> Result<Option<String>> {
        if self.hosts.from_image {
            return Ok(None);
        }
        let base = fs::read_to_string("/etc/hosts").unwrap_or_default();
        hosts(&self.hosts.added, &base, (hostname, name), (self.host_address(), self.own_address())).map(Some)
    }

    /// The address by which the container reaches the host.
    #[must_use]
    pub fn host_address(&self) -> Option<IpAddr> {
        match &self.mode {
            Mode::Pasta(options) => pasta::host_address(options),
            Mode::Host => outward(),
            Mode::None | Mode::Container(_) | Mode::Path(_) => None,
        }
    }

    /// The container's own address. pasta gives it the host's.
    fn own_address(&self) -> IpAddr {
        let asked = match &self.mode {
            Mode::Pasta(options) => pasta::own_address(options).or_else(outward),
            Mode::Host | Mode::None | Mode::Container(_) | Mode::Path(_) => None,
        };
        asked.unwrap_or(IpAddr::from([127, 0, 0, 1]))
    }
}

/// The host's address on the way out. Connecting a datagram socket sends nothing: it only asks the routes.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

// ANCHOR: hosts
fn hosts(
    added: &[Host],
    base: &str,
    (hostname, name): (&str, &str),
    (host, own): (Option<IpAddr>, IpAddr),
) -> Result<String> {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for entry in added {
        let address = entry.address.or(host).ok_or_else(|| {
            Error::new("unable to replace \"host-gateway\" of host entry: host containers internal IP address is empty")
                .code(code::OLD_PASTA)
                .hint("that takes pasta from August 2024 or newer, or --network host")
        })?;
        lines.push((address.to_string(), entry.names.clone()));
    }
    lines.extend(base.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace().map(str::to_owned);
        Some((words.next()?, words.collect::<Vec<_>>())).filter(|(_, names)| !names.is_empty())
    }));
    let given = lines.len();
    let mut ours = |address: String, names: &[&str]| {
        let known = lines[..given].iter().any(|(other, others)| {
            *other == address && names.iter().any(|name| others.iter().any(|other| other == name))
        });
        if !known {
            lines.push((address, names.iter().map(ToString::to_string).collect()));
        }
    };
    ours("127.0.0.1".into(), &["localhost"]);
    ours("::1".into(), &["localhost"]);
    if let Some(host) = host {
        ours(host.to_string(), &HOST_NAMES);
    }
    ours(own.to_string(), &[hostname, name]);
    Ok(lines.into_iter().map(|(address, names)| format!("{address}\t{}\n", names.join(" "))).collect())
}
// ANCHOR_END: hosts

#[cfg(test)]
mod tests {
    use super::*;

    const WE: (&str, &str) = ("0123456789ab", "web");

    #[test]
    fn ours_come_after_the_hosts() {
        let base = "127.0.0.1 localhost box # me\n::1\tip6-localhost localhost\n\n# nothing\n192.0.2.9 printer\n";
        let who = (Some(IpAddr::from([169, 254, 1, 2])), IpAddr::from([192, 0, 2, 2]));
        let added = [Host::parse("a;b:1.2.3.4").unwrap(), Host::parse("gate:host-gateway").unwrap()];
        assert_eq!(
            hosts(&added, base, WE, who).unwrap(),
            "1.2.3.4\ta b\n169.254.1.2\tgate\n127.0.0.1\tlocalhost box\n::1\tip6-localhost localhost\n192.0.2.9\tprinter\n\
             169.254.1.2\thost.containers.internal host.docker.internal\n192.0.2.2\t0123456789ab web\n"
        );
    }

    #[test]
    fn without_any_there_is_localhost() {
        let who = (None, IpAddr::from([127, 0, 0, 1]));
        assert_eq!(
            hosts(&[], "", WE, who).unwrap(),
            "127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.0.1\t0123456789ab web\n"
        );
        assert!(hosts(&[Host::parse("x:host-gateway").unwrap()], "", WE, who).is_err());
    }
}
