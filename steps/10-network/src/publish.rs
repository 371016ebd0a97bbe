//! Ports of the host: which are free, and who may have them.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use process::{Error, Result, code};

use crate::{Port, Protocol};

/// How often another port is tried before we give up.
const ATTEMPTS: usize = 100;

/// Gives a free port of the host to each that has none. Neighbours get neighbours, so that a range stays one.
///
/// # Errors
/// When none is free.
// ANCHOR: choose
pub(crate) fn choose(ports: &mut [Port]) -> Result<()> {
    let mut start = 0;
    while start < ports.len() {
        if ports[start].host_port != 0 {
            start += 1;
            continue;
        }
        let end =
            (start + 1..ports.len()).find(|next| !follows(&ports[next - 1], &ports[*next])).unwrap_or(ports.len());
        let first = (0..ATTEMPTS).find_map(|_| first_free(ports, start..end)).ok_or_else(|| {
            Error::new(format!("failed to find {} consecutive free ports on the host", end - start))
                .code(code::PORT_IN_USE)
                .exit(126)
        })?;
        for (port, number) in ports[start..end].iter_mut().zip(first..) {
            port.host_port = number;
        }
        start = end;
    }
    Ok(())
}
// ANCHOR_END: choose

/// Whether both are open, and of the same range.
fn follows(one: &Port, next: &Port) -> bool {
    next.host_port == 0
        && (one.host_ip, one.protocol) == (next.host_ip, next.protocol)
        && one.container_port.checked_add(1) == Some(next.container_port)
}

/// A port that is free, and the ones behind it as well, as many as there are in `range`.
fn first_free(ports: &[Port], range: std::ops::Range<usize>) -> Option<u16> {
    let first = listen(&ports[range.start]).ok()?;
    let mut wanted = ports[range].iter().cloned().zip(0..).map(|(port, n)| Some((port, first.checked_add(n)?)));
    let fits = |(mut port, number): (Port, u16)| {
        port.host_port = number;
        (number == first || listen(&port).is_ok()) && !ports.iter().any(|other| other.collides(&port))
    };
    wanted.all(|port| port.is_some_and(fits)).then_some(first)
}

/// Whether each port can be had now, asked by listening on it for a moment.
///
/// # Errors
/// Which one cannot, and why, in Podman's words and with its exit status.
// ANCHOR: check
pub(crate) fn check(ports: &[Port]) -> Result<()> {
    for port in ports {
        if let Err(error) = listen(port) {
            return Err(refused(port, &error));
        }
    }
    Ok(())
}
// ANCHOR_END: check

/// Listens, and says on which port.
fn listen(port: &Port) -> io::Result<u16> {
    let address = SocketAddr::new(port.address(), port.host_port);
    let found = match port.protocol {
        Protocol::Tcp => TcpListener::bind(address)?.local_addr()?,
        Protocol::Udp => UdpSocket::bind(address)?.local_addr()?,
    };
    Ok(found.port())
}

fn refused(port: &Port, error: &io::Error) -> Error {
    let (address, number) = (SocketAddr::new(port.address(), port.host_port), port.host_port);
    let tried = format!("listen {} {address}", port.protocol);
    let error = match error.kind() {
        ErrorKind::AddrInUse => Error::because(tried, "bind: address already in use")
            .hint("another process has this port of the host, perhaps another container: choose another one")
            .code(code::PORT_IN_USE),
        ErrorKind::PermissionDenied => {
            let least = unprivileged();
            Error::because(format!("cannot expose privileged port {number}: {tried}"), "bind: permission denied")
                .hint(format!(
                    "choose a port from {least} on, or: sudo sysctl -w net.ipv4.ip_unprivileged_port_start={number}"
                ))
                .code(code::PRIVILEGED_PORT)
        }
        ErrorKind::AddrNotAvailable => Error::because(tried, "bind: cannot assign requested address")
            .code(code::NO_ADDRESS)
            .hint(format!("{} is no address of this machine", port.host_ip.unwrap_or(IpAddr::from([0, 0, 0, 0])))),
        _ => Error::because(tried, format!("bind: {error}")).code(code::PORT_IN_USE),
    };
    error.exit(126)
}

/// The first port that an ordinary user may have.
fn unprivileged() -> u16 {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    text.trim().parse().unwrap_or(1024)
}
