//! A published port, and `--publish` (podman-run(1)).

use std::fmt;
use std::net::IpAddr;

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

/// What a port belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// A stream.
    Tcp,
    /// Datagrams.
    Udp,
}

impl Protocol {
    /// Reads its name, in letters of either size.
    ///
    /// # Errors
    /// When it is another one; SCTP is known and cannot be done, as with Podman.
    pub fn parse(name: &str) -> Result<Protocol> {
        match name.to_ascii_lowercase().as_str() {
            "tcp" => Ok(Protocol::Tcp),
            "udp" => Ok(Protocol::Udp),
            "sctp" => Err(Error::new("can't forward protocol: sctp").code(code::BAD_PORT).exit(126)),
            _ => Err(Error::new(format!("unrecognized protocol {name:?} in port mapping")).code(code::BAD_PORT)),
        }
    }

    /// `tcp` or `udp`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One port of the host that leads to one of the container. A range is as many of these.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Port {
    /// Where the host listens; `None` on all its addresses, IPv4 and IPv6.
    pub host_ip: Option<IpAddr>,
    /// The host's port; 0 until [`crate::Network::choose_ports`] has chosen a free one.
    pub host_port: u16,
    /// The container's port.
    pub container_port: u16,
    /// What it carries.
    pub protocol: Protocol,
}

impl Port {
    /// Reads `[[HOST_IP:]HOST_PORT[-END]:]PORT[-END][/PROTOCOL]`.
    ///
    /// # Errors
    /// In Podman's words, when it is something else.
    // ANCHOR: parse
    pub fn parse(text: &str) -> Result<Vec<Port>> {
        let (address, protocol) = match text.split('/').collect::<Vec<_>>()[..] {
            [address] => (address, "tcp"),
            [_, ""] => return Err(Error::new("must provide a non-empty protocol to publish").code(code::BAD_PORT)),
            [address, protocol] => (address, protocol),
            _ => return Err(invalid("protocol can only be specified once")),
        };
        let (ip, host, container) = split(address)?;
        if container.is_empty() {
            return Err(Error::new("must provide a non-empty container port to publish").code(code::BAD_PORT));
        }
        let container =
            range(container).map_err(|error| Error::because("parsing container port", error).code(code::BAD_PORT))?;
        let protocol = Protocol::parse(protocol)?;
        let host_ip = ip.map(address_of).transpose()?.filter(|ip| *ip != IpAddr::from([0, 0, 0, 0]));
        // Without a number of the host one is chosen when the container is created.
        let Some(host) = host.filter(|host| !host.is_empty()) else {
            let free = |container_port| Port { host_ip, host_port: 0, container_port, protocol };
            return Ok(container.map(free).collect());
        };
        let host = range(host).map_err(|error| Error::because("parsing host port", error).code(code::BAD_PORT))?;
        if host.len() != container.len() {
            let (host, container) = (host.len(), container.len());
            let text = format!("host and container port ranges have different lengths: {host} vs {container}");
            return Err(Error::new(text).code(code::BAD_PORT));
        }
        let pair = |(host_port, container_port)| Port { host_ip, host_port, container_port, protocol };
        Ok(host.zip(container).map(pair).collect())
    }
    // ANCHOR_END: parse

    /// Whether both want the same port of the host, whatever address the one or the other listens on.
    #[must_use]
    pub fn collides(&self, other: &Port) -> bool {
        let same_address = self.host_ip == other.host_ip || self.host_ip.is_none() || other.host_ip.is_none();
        self.host_port != 0 && self.host_port == other.host_port && self.protocol == other.protocol && same_address
    }

    /// The host's address as Podman writes it.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.host_ip.unwrap_or(IpAddr::from([0, 0, 0, 0]))
    }
}

/// The address, the host's part and the container's.
fn split(text: &str) -> Result<(Option<&str>, Option<&str>, &str)> {
    let bracketed = match text.split(']').collect::<Vec<_>>()[..] {
        [_] => None,
        [ip, rest] => {
            let ip = ip.strip_prefix('[').ok_or_else(|| invalid("IPv6 addresses must be enclosed by []"))?;
            let rest =
                rest.strip_prefix(':').ok_or_else(|| invalid("IPv6 address must be followed by a colon (':')"))?;
            Some((ip, rest))
        }
        _ => return Err(invalid("at most one IPv6 address can be specified in a --publish")),
    };
    if let Some((ip, rest)) = bracketed {
        return match rest.split(':').collect::<Vec<_>>()[..] {
            [host, container] => Ok((Some(ip), Some(host), container)),
            [_] => Err(invalid("must provide host and destination port if specifying an IP")),
            _ => Err(invalid("when v6 address specified, must be [ipv6]:hostPort:ctrPort")),
        };
    }
    match text.split(':').collect::<Vec<_>>()[..] {
        [container] => Ok((None, None, container)),
        [host, container] => Ok((None, Some(host), container)),
        ["", _, _] => Err(Error::new("must provide a non-empty container host IP to publish").code(code::BAD_PORT)),
        [ip, host, container] => Ok((Some(ip), Some(host), container)),
        _ => Err(invalid("format is [[hostIP:]hostPort:]containerPort")),
    }
}

fn address_of(text: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| Error::new(format!("cannot parse {text:?} as an IP address")).code(code::BAD_PORT))
}

/// `FIRST` or `FIRST-LAST`.
pub(crate) fn range(text: &str) -> Result<std::ops::RangeInclusive<u16>> {
    let mut ends = text.split('-');
    let (first, last) = (ends.next().unwrap_or_default(), ends.next());
    if ends.next().is_some() {
        return Err(invalid("port ranges are formatted as startPort-stopPort"));
    }
    if first.is_empty() {
        return Err(Error::new("port numbers cannot be negative").code(code::BAD_PORT));
    }
    let first = number(first)?;
    match last {
        None => Ok(first..=first),
        Some("") => Err(Error::new("must provide ending number for port range").code(code::BAD_PORT)),
        Some(last) => match number(last)? {
            last if last > first => Ok(first..=last),
            last => Err(Error::new(format!(
                "the end port of a range must be higher than the start port - {last} is not higher than {first}"
            ))
            .code(code::BAD_PORT)),
        },
    }
}

fn number(text: &str) -> Result<u16> {
    let number: i64 = text.parse().map_err(|_| {
        Error::new(format!("invalid port number: parsing {text:?}: invalid syntax")).code(code::BAD_PORT)
    })?;
    match u16::try_from(number) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(Error::new(format!("port numbers must be between 1 and 65535 (inclusive), got {number}"))
            .code(code::BAD_PORT)),
    }
}

fn invalid(what: &str) -> Error {
    Error::new(format!("invalid port format - {what}")).code(code::BAD_PORT)
}
