//! It talks: from the host into the container, from the container to the host and to the outside.

mod container;

use std::net::{IpAddr, TcpStream};

use container::{Container, Peer, free_port, gateway, outward};
use network::{Network, Port};
use support::World;
use support::observe::{await_some, own_namespaces};

/// What `ask` gets once the port leads somewhere.
fn ask(world: &World, args: &[&str]) -> String {
    Peer::on_host(world, args).told()
}

#[test]
fn curl_gets_the_page() {
    let port = free_port();
    let container = Container::start(&["-p", &format!("{port}:80"), "-v", "/bin:/mnt"]);
    let page = container.world.write("page/index.html", "hello from inside\n");
    // The host's busybox, in the container's network.
    let mut server = container.world.process("nsenter");
    server.args(["--preserve-credentials", "-U", "-n", "-t", &container.pid.to_string()]);
    server.args(["busybox", "httpd", "-f", "-p", "80", "-h"]).arg(page.parent().unwrap());
    let mut server = server.spawn().unwrap();
    for host in ["127.0.0.1", "[::1]", &outward().to_string()] {
        let url = format!("http://{host}:{port}/");
        let curl = || container.world.command("curl").args(["-s", "--max-time", "5", &url]).output().unwrap().stdout;
        let page = await_some(&url, || Some(curl()).filter(|page| !page.is_empty()));
        assert_eq!(String::from_utf8_lossy(&page), "hello from inside\n", "{url}");
    }
    let _ = server.kill();
    let _ = server.wait();
}

/// With the gateway mapped to the host, for the host to be somebody to a pasta of 2023: that one answers datagrams of
/// other machines only.
#[test]
fn both_protocols_lead_in() {
    let (one, other) = (free_port(), free_port());
    let args = [format!("{one}:80/tcp"), format!("{one}:80/udp"), format!("127.0.0.1:{other}:81")];
    let map = ["--network", "pasta:--map-gw"];
    let container = Container::start(&[&map[..], &["-p", &args[0], "-p", &args[1], "-p", &args[2]]].concat());
    let _tcp = container.peer(&["listen-tcp", "0.0.0.0:80"]).ready();
    let _udp = container.peer(&["listen-udp", "0.0.0.0:80"]).ready();
    let _local = container.peer(&["listen-tcp", "0.0.0.0:81"]).ready();
    let told = |kind: &str, host: IpAddr, port: u16| ask(&container.world, &[kind, &format!("{host}:{port}")]);
    let local = IpAddr::from([127, 0, 0, 1]);
    assert!(told("ask-tcp", local, one).starts_with("tcp from "));
    assert!(told("ask-tcp", local, other).starts_with("tcp from "));
    // Whoever connects from outside is seen as who he is, or at least not as a friend: a service that trusts 127.0.0.1
    // is not fooled (CVE-2021-20199).
    for kind in ["ask-tcp", "ask-udp"] {
        let told = told(kind, outward(), one);
        assert!(told.contains(" from ") && !told.contains("from 127."), "{kind}: {told}");
    }
    // Only the address that was asked for.
    let refused = told("ask-tcp", outward(), other);
    assert!(refused.contains("refused"), "{refused}");
}

#[test]
fn an_address_of_ipv6() {
    let port = free_port();
    let container = Container::start(&["-p", &format!("[::1]:{port}:80")]);
    let _server = container.peer(&["listen-tcp", "[::]:80"]).ready();
    let told = ask(&container.world, &["ask-tcp", &format!("[::1]:{port}")]);
    assert!(told.starts_with("tcp from "), "{told}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_free_port_is_chosen_and_a_range_stays_one() {
    let ports = Port::parse("80-83").unwrap();
    let mut network = Network { ports, ..Network::default() };
    network.choose_ports(&[]).unwrap();
    let first = network.ports[0].host_port;
    let chosen: Vec<u16> = network.ports.iter().map(|port| port.host_port).collect();
    assert!(first >= 1024);
    assert_eq!(chosen, [first, first + 1, first + 2, first + 3]);
    assert_eq!(network::ports::column(&network), format!("0.0.0.0:{first}-{}->80-83/tcp", first + 3));
}

/// A server on the host's loopback interface is at the gateway's address, when that is asked for.
#[test]
fn the_gateway_can_be_the_host() {
    let container = Container::start(&["--network", "pasta:--map-gw"]);
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let _tcp = Peer::on_host(&container.world, &["listen-tcp", &address]).ready();
    let _udp = Peer::on_host(&container.world, &["listen-udp", &address]).ready();
    let there = format!("{}:{port}", gateway());
    assert!(container.ask(&["ask-tcp", &there]).starts_with("tcp from "));
    assert!(container.ask(&["ask-udp", &there]).starts_with("udp from "));
}

#[test]
fn which_namespaces() {
    let talks = Container::start(&[]);
    assert!(own_namespaces(talks.pid).contains(&"net"));
    assert!(std::fs::read_to_string(format!("/proc/{}/net/route", talks.pid)).unwrap().lines().count() > 1);
    let silent = Container::start(&["--network", "none"]);
    assert!(own_namespaces(silent.pid).contains(&"net"));
    let cards = std::fs::read_to_string(format!("/proc/{}/net/dev", silent.pid)).unwrap();
    assert_eq!(cards.lines().skip(2).map(|line| line.split(':').next().unwrap().trim()).collect::<Vec<_>>(), ["lo"]);
    let host = Container::start(&["--network", "host"]);
    assert!(!own_namespaces(host.pid).contains(&"net"));
}

/// Podman's default as well: the container's root may ping, though it cannot make packets by hand (icmp(7)).
#[test]
fn ping_needs_no_capability() {
    let world = World::new();
    let mut command = world.command("network");
    command.args(["run", "--rootfs"]).arg(world.busybox_rootfs());
    command.args(["cat", "/proc/sys/net/ipv4/ping_group_range"]).assert().success().stdout("0\t0\n");
}

/// The names that it knows, and the container's own.
#[test]
fn its_files() {
    let world = World::new();
    let told = |flags: &[&str], file: &str| {
        let mut command = world.command("network");
        command
            .args(["run", "--hostname", "box", "--rootfs"])
            .arg(world.busybox_rootfs())
            .args(flags)
            .args(["cat", file]);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let dns = ["--dns", "192.0.2.53", "--dns-search", "lan,example.org", "--dns-option", "ndots:3"];
    let text = "search lan example.org\nnameserver 192.0.2.53\noptions ndots:3\n";
    assert_eq!(told(&dns, "/etc/resolv.conf"), text);
    assert!(told(&["--dns-search", "."], "/etc/resolv.conf").starts_with("nameserver 169.254.1.1\n"));
    let hosts = told(&["--add-host", "db;cache:192.0.2.7"], "/etc/hosts");
    assert!(hosts.starts_with("192.0.2.7\tdb cache\n"), "{hosts}");
    assert!(hosts.ends_with(&format!("{}\tbox box\n", outward())), "{hosts}");
    assert_eq!(told(&["--no-hosts"], "/etc/hosts"), "127.0.0.1\tlocalhost\n");
    assert_eq!(told(&["--network", "none"], "/etc/resolv.conf"), "");
    // What is at the place is the container's affair: a link out of it leads to its own root.
    let outside = world.write("home/resolv.conf", "of the host\n");
    let place = world.busybox_rootfs().join("etc/resolv.conf");
    let _ = std::fs::remove_file(&place);
    std::os::unix::fs::symlink(&outside, &place).unwrap();
    told(&[], "/etc/resolv.conf");
    assert_eq!(std::fs::read_to_string(outside).unwrap(), "of the host\n");
}

/// A pasta that may not open what we would like it to, as a security policy can have it: it is told otherwise.
#[test]
fn a_pasta_that_is_forbidden_something() {
    let script = |ways: &str| {
        format!(
            "#!/bin/sh\n# map-guest-addr\nfor word; do case $word in {ways} esac; done\nexec /usr/bin/pasta \"$@\"\n"
        )
    };
    let loudly = "/proc/self/fd/1) echo \"Couldn't open PID file $word: Permission denied\" >&2; exit 1;;";
    // What it says on its own output goes nowhere, as when the kernel replaces a forbidden descriptor.
    let mutely = "/proc/self/fd/1) exec >/dev/null;;";
    let namespace = "/proc/[0-9]*) echo \"Couldn't open network namespace $word: Permission denied\" >&2; exit 1;;";
    for ways in [loudly.to_string(), mutely.to_string(), format!("{namespace} {loudly}")] {
        let world = World::new();
        // An old pasta does not know what the script says that it knows.
        let text = script(&ways).replace("exec /usr/bin/pasta \"$@\"", FILTER);
        let pasta = world.write("bin/pasta", text);
        std::fs::set_permissions(&pasta, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = world.command("network");
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", pasta.parent().unwrap().display());
        command.env("PATH", path).args(["run", "--rootfs"]).arg(world.busybox_rootfs());
        let output = command.args(["ip", "route"]).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(text.starts_with("default via"), "{ways}: {text}");
        // But for who keeps the user's namespace.
        let left = std::fs::read_dir(world.run()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.filter(|name| name != "podling").collect::<Vec<_>>(), [""; 0]);
    }
}

/// Takes the option away that pasta has since August 2024.
const FILTER: &str = r#"
if ! /usr/bin/pasta --help 2>&1 | grep -q map-guest-addr; then
    for word; do
        shift
        case $word in --map-guest-addr) skip=1 ;; *) if [ "$skip" ]; then skip=; else set -- "$@" "$word"; fi ;; esac
    done
fi
exec /usr/bin/pasta "$@"
"#;
