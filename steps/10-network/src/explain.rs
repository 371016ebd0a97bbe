//! What is done for a container's network, told to who wants to know.

use process::explain::{Explain, Line};

use crate::{Mode, Network};

impl Explain for Network {
    fn explain(&self) -> Vec<Line> {
        let mode = match &self.mode {
            Mode::None => "leave it a loopback interface alone, nothing in and nothing out",
            Mode::Host => {
                "leave it the host's network: its ports are the host's, and what listens on localhost hears it"
            }
            Mode::Container(_) | Mode::Path(_) => {
                "leave it another's network: what listens on localhost there hears it"
            }
            Mode::Pasta(_) => {
                "give it a network card by pasta, which makes connections of the user's own of its packets"
            }
        };
        let port = |port: &crate::Port| {
            let (host, protocol) = (port.address(), port.protocol);
            let text = format!(
                "let {host} port {} {protocol} of the host lead to its port {}",
                port.host_port, port.container_port
            );
            Line::new(10, text)
        };
        let mut lines = vec![Line::new(10, mode)];
        lines.extend(self.ports.iter().map(port));
        lines
    }
}
