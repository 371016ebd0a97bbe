//! Step 10: the network.

use super::Trouble;

/// pasta is not installed.
pub const NO_PASTA: u16 = 1001;
/// pasta failed.
pub const PASTA_FAILED: u16 = 1002;
/// A port is taken.
pub const PORT_IN_USE: u16 = 1003;
/// A port is for root.
pub const PRIVILEGED_PORT: u16 = 1004;
/// There is no such network.
pub const NO_NETWORK: u16 = 1006;
/// A port is not written as one.
pub const BAD_PORT: u16 = 1007;
/// The address is not this machine's.
pub const NO_ADDRESS: u16 = 1008;
/// Settings of names cannot be used.
pub const BAD_DNS: u16 = 1009;
/// pasta is too old for it.
pub const OLD_PASTA: u16 = 1010;
/// A port that a container does not publish.
pub const NOT_PUBLISHED: u16 = 1011;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-10")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        NO_PASTA,
        "pasta is not installed",
        "it carries a container's packets as connections of the user's own, for which nobody needs root",
        "install it; --network none and --network host do without",
    )
    .needs("pasta"),
    trouble(
        PASTA_FAILED,
        "pasta could not make the container's network",
        "/dev/net/tun is closed or missing, the machine has no default route, or pasta's own words tell why",
        "`podling doctor` looks at /dev/net/tun; --network none needs no route",
    )
    .needs("tun"),
    trouble(
        PORT_IN_USE,
        "a port of the host is taken",
        "another process listens there, perhaps another container",
        "ss -ltnp 'sport = :PORT' shows who; podling ps shows the ports of containers; -p 80 takes a free one",
    ),
    trouble(
        PRIVILEGED_PORT,
        "a port below 1024 is for root alone",
        "the kernel keeps ports below net.ipv4.ip_unprivileged_port_start from ordinary users",
        "-p 8080:80; or let them have it",
    )
    .needs("unprivileged-ports"),
    trouble(
        1005,
        "ping in a container is refused, or gets no answer",
        "a ping needs the right to raw sockets, which containers do not have, or its group in \
         net.ipv4.ping_group_range: the container's own, or with --network host the host's",
        "--cap-add net_raw; with --network host, widen the range",
    )
    .needs("ping"),
    trouble(
        NO_NETWORK,
        "no such network",
        "podling has pasta, none, host and the networks of other containers; those that containers share are not \
         there yet",
        "podling network ls lists them; without --network a container has pasta",
    ),
    trouble(
        BAD_PORT,
        "a port cannot be understood",
        "-p is [[IP:]HOST-PORT:]PORT[/PROTOCOL], numbers are 1 to 65535, ranges are FIRST-LAST and as long on both \
         sides",
        "-p 8080:80, -p 127.0.0.1:8080:80/udp, -p 8000-8010:8000-8010",
    ),
    trouble(
        NO_ADDRESS,
        "an address to publish at is not this machine's",
        "-p IP:... binds to an address of the host, and no interface has this one",
        "ip address lists them; -p 8080:80 takes all",
    ),
    trouble(
        BAD_DNS,
        "a setting of DNS or of a host name cannot be understood",
        "--dns takes addresses, --add-host NAME:IP, --dns-search and --dns-option words without spaces",
        "podling run --help shows the forms",
    ),
    trouble(
        OLD_PASTA,
        "host-gateway needs a newer pasta",
        "an address that leads to the host's own services came with pasta of August 2024",
        "install a newer one, or give the host's address: --add-host NAME:IP",
    )
    .needs("pasta"),
    trouble(
        NOT_PUBLISHED,
        "the container does not publish this port",
        "-p published another one, or none, when the container was made",
        "podling port NAME lists those that are; podling create --replace -p makes it anew",
    ),
];
