//! What pasta is told.

use std::ffi::OsString;

use crate::dns::FORWARDER;
use crate::pasta::{HOST, values};
use crate::{Network, Protocol, ports};

/// The arguments but for the namespace and the process id: nothing is forwarded that was not asked for, and nothing is mapped to the host's
/// loopback interface.
// ANCHOR: arguments
pub(crate) fn arguments(network: &Network, options: &[String], maps_guest: bool) -> Vec<OsString> {
    // Podman's own word for leaving --no-map-gw away.
    let map_gateway = options.iter().any(|word| word == "--map-gw");
    let mut args = vec!["--config-net".to_string()];
    args.extend(options.iter().filter(|word| *word != "--map-gw").cloned());
    for range in ports::ranges(&network.ports) {
        let (first, last) = (&range[0], &range[range.len() - 1]);
        let address = first.host_ip.map(|ip| format!("{ip}/")).unwrap_or_default();
        let (host, container) = ((first.host_port, last.host_port), (first.container_port, last.container_port));
        args.push(if first.protocol == Protocol::Tcp { "-t" } else { "-u" }.into());
        args.push(format!("{address}{}-{}:{}-{}", host.0, host.1, container.0, container.1));
    }
    // Without a word about them it forwards whatever somebody listens on, in both directions.
    for (short, long) in [("-t", "--tcp-ports"), ("-u", "--udp-ports"), ("-T", "--tcp-ns"), ("-U", "--udp-ns")] {
        if !args.iter().any(|word| word == short || word.split('=').next() == Some(long)) {
            args.extend([short.into(), "none".into()]);
        }
    }
    if values(options, "--dns-forward").is_empty() {
        args.extend(["--dns-forward".into(), FORWARDER.into()]);
    }
    if !map_gateway {
        args.push("--no-map-gw".into());
    }
    if maps_guest && values(options, "--map-guest-addr").is_empty() {
        args.extend(["--map-guest-addr".into(), HOST.into()]);
    }
    if !options.iter().any(|word| matches!(word.as_str(), "-d" | "--debug" | "--trace")) {
        args.push("--quiet".into());
    }
    // In the background it would be nobody's child, and cost a process more.
    args.push("--foreground".into());
    args.into_iter().map(Into::into).collect()
}
// ANCHOR_END: arguments
