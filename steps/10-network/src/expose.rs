//! Ports that a container offers, published or not: `--expose`, and what its image says.

use std::fmt;

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

use crate::Protocol;

/// One port that the container offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Exposed {
    /// The container's port.
    pub port: u16,
    /// What it carries.
    pub protocol: Protocol,
}

impl Exposed {
    /// Reads `PORT[-END][/PROTOCOL]`.
    ///
    /// # Errors
    /// In Podman's words, when it is something else.
    pub fn parse(text: &str) -> Result<Vec<Exposed>> {
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let wrong = || Error::new(format!("invalid range format for --expose: {text}")).code(code::BAD_PORT);
        let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong);
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let (first, last) = (number(first)?, number(last)?);
        if last < first {
            return Err(wrong());
        }
        let protocol = Protocol::parse(protocol).map_err(|error| {
            Error::because(format!("validating protocols for exposed port {first}"), error).code(code::BAD_PORT)
        })?;
        Ok((first..=last).map(|port| Exposed { port, protocol }).collect())
    }
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, self.protocol)
    }
}
