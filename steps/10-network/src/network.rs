//! All that is known of a container's network before it runs; a part of its record.

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

use crate::{Dns, Exposed, Hosts, Mode, Port, publish};

/// A container's network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// Which one.
    pub mode: Mode,
    /// The published ports, in Podman's order.
    pub ports: Vec<Port>,
    /// Whether all exposed ports are published (`-P`).
    pub publish_all: bool,
    /// The exposed ports: `--expose`, and from [`Network::choose_ports`] on also the image's.
    pub exposed: Vec<Exposed>,
    /// Who answers for names.
    pub dns: Dns,
    /// Which names are known without asking.
    pub hosts: Hosts,
}

impl Default for Network {
    /// pasta, and no port.
    fn default() -> Network {
        Network {
            mode: Mode::Pasta(Vec::new()),
            ports: Vec::new(),
            publish_all: false,
            exposed: Vec::new(),
            dns: Dns::default(),
            hosts: Hosts::default(),
        }
    }
}

impl Network {
    /// Whether the container has a network namespace of its own.
    #[must_use]
    pub fn own_namespace(&self) -> bool {
        self.mode.own_namespace()
    }

    /// What to tell the person whose ports [`Network::choose_ports`] is going to drop.
    #[must_use]
    pub fn notice(&self) -> Option<&'static str> {
        let dropped = !matches!(self.mode, Mode::Pasta(_)) && !self.ports.is_empty();
        dropped.then_some(
            "Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use",
        )
    }

    /// Fixes what is still open, when the container is created: adds the image's `exposed` ports (`80/tcp`), publishes
    /// all exposed ones where that was asked for, and chooses a free port of the host for each that has none.
    ///
    /// # Errors
    /// When an exposed port cannot be read, two want the same port of the host, or no port is free.
    // ANCHOR: choose
    pub fn choose_ports(&mut self, exposed: &[String]) -> Result<()> {
        for text in exposed {
            self.exposed.extend(Exposed::parse(text)?);
        }
        self.exposed.sort_unstable();
        self.exposed.dedup();
        if !matches!(self.mode, Mode::Pasta(_)) {
            // Nothing leads there, or everything does.
            self.ports.clear();
            return Ok(());
        }
        if self.publish_all {
            let published = |e: &Exposed| {
                self.ports.iter().any(|port| (port.container_port, port.protocol) == (e.port, e.protocol))
            };
            let missing: Vec<_> = self.exposed.iter().filter(|exposed| !published(exposed)).collect();
            self.ports.extend(missing.into_iter().map(|exposed| Port {
                host_ip: None,
                host_port: 0,
                container_port: exposed.port,
                protocol: exposed.protocol,
            }));
        }
        self.arrange()?;
        publish::choose(&mut self.ports)
    }
    // ANCHOR_END: choose

    /// Sorts the ports as Podman shows them.
    ///
    /// # Errors
    /// When two want the same port of the host.
    pub(crate) fn arrange(&mut self) -> Result<()> {
        self.ports.sort_by_key(|port| (port.host_ip, port.protocol, port.container_port, port.host_port));
        self.ports.dedup();
        for (index, port) in self.ports.iter().enumerate() {
            if self.ports[..index].iter().any(|other| other.collides(port)) {
                let (number, protocol) = (port.host_port, port.protocol);
                let text = format!("conflicting port mappings for host port {number} (protocol {protocol})");
                return Err(Error::new(text).code(code::CONFLICT));
            }
        }
        Ok(())
    }
}
