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

pub(super) const TROUBLES: &[Trouble] = &[
    Trouble {
        code: NO_PASTA,
        what: "pasta is not installed",
        cause: "it carries a container's packets as connections of the user's own, for which nobody needs root",
        cure: "install it; --network none and --network host do without",
        needs: Some("pasta"),
        chapter: "step-10",
    },
    Trouble {
        code: PASTA_FAILED,
        what: "pasta could not make the container's network",
        cause: "/dev/net/tun is closed or missing, the machine has no default route, or pasta's own words tell why",
        cure: "`podling doctor` looks at /dev/net/tun; --network none needs no route",
        needs: Some("tun"),
        chapter: "step-10",
    },
    Trouble {
        code: PORT_IN_USE,
        what: "a port of the host is taken",
        cause: "another process listens there, perhaps another container",
        cure: "ss -ltnp 'sport = :PORT' shows who; podling ps shows the ports of containers; -p 80 takes a free one",
        needs: None,
        chapter: "step-10",
    },
    Trouble {
        code: PRIVILEGED_PORT,
        what: "a port below 1024 is for root alone",
        cause: "the kernel keeps ports below net.ipv4.ip_unprivileged_port_start from ordinary users",
        cure: "-p 8080:80; or let them have it",
        needs: Some("unprivileged-ports"),
        chapter: "step-10",
    },
    Trouble {
        code: 1005,
        what: "ping in a container is refused, or gets no answer",
        cause: "a ping needs the right to raw sockets, which containers do not have, or its group in net.ipv4.ping_group_range: the \
                container's own, or with --network host the host's",
        cure: "--cap-add net_raw; with --network host, widen the range",
        needs: Some("ping"),
        chapter: "step-10",
    },
];
